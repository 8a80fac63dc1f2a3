package import LinuxSystem
package import Sandbox

/// What torpor-stage does to make a container and become its program, and what it needs from outside for that.
package struct ContainerPlan: Sendable, Hashable {
    package var steps: [LaunchPlan.Step]
    /// How mounts below the root file system travel between it and where it lies on the host (MS_SHARED and its like).
    package var rootPropagation: UInt64
    /// Mounts of the host's, which the runtime copies and sends, in the order of their places.
    package var sources: [MountSource]
    /// Who decides about system calls that the filter tells of; the path of a socket.
    package var listenerPath: String?
    package var listenerMetadata: String?

    /// Where the plan waits.
    package enum Point: UInt32, Sendable {
        /// Everything is mounted, and the root is still the host's.
        case mounted = 1
        /// Only the program is left.
        case ready = 2
    }
}

/// A file or directory of the host that the container sees.
package struct MountSource: Sendable, Hashable {
    /// Absolute.
    package var path: String
    /// Where it stands in the configuration.
    package var place: String
    package var isRecursive: Bool
    package var adding: MountAttributes
    package var removing: MountAttributes = []
    /// Of all that is mounted below, too.
    package var addingBelow: MountAttributes = []
    package var removingBelow: MountAttributes = []
    package var propagation: UInt64
    package var propagatesRecursively: Bool
    package var ids: IDs?
    /// Not a copy of `path` but a new tmpfs with these options, into which what is there is copied (`tmpcopyup`); `path` is
    /// then one of the container's.
    package var copiesUp: [String]?

    /// Through which map its owners are shown.
    package struct IDs: Sendable, Hashable {
        /// Lines of uid_map and gid_map; nil is the container's own map.
        package var users: String?
        package var groups: String?
        package var isRecursive: Bool

        package init(users: String?, groups: String?, isRecursive: Bool) {
            self.users = users
            self.groups = groups
            self.isRecursive = isRecursive
        }
    }
}

/// The places of the descriptors that go with a plan: the root, the sources, the listening socket, what is passed on.
package struct PlanPlaces: Sendable, Hashable {
    package let sources: Int

    package func source(_ index: Int) -> LaunchPlan.Descriptor { .init(place: Int32(1 + index)) }
    package var listener: LaunchPlan.Descriptor { .init(place: Int32(1 + sources)) }
    package func passed(_ index: Int, hasListener: Bool) -> LaunchPlan.Descriptor {
        .init(place: Int32(1 + sources + (hasListener ? 1 : 0) + index))
    }

    /// Where notifications of the filter go: behind all others.
    package func notified(passed: Int, hasListener: Bool) -> LaunchPlan.Descriptor {
        self.passed(passed, hasListener: hasListener)
    }
}
