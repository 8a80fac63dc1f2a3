package import LinuxSystem
package import OCI

/// What torpor-init does to make one container and start its process: primitive steps, in order. All policy is in how
/// such a list comes about (`LaunchPlanCompiler`); init only carries it out.
package struct LaunchPlan: Sendable, Hashable {
    package var steps: [Step]

    package init(steps: [Step]) { self.steps = steps }

    /// A place among the descriptors that are sent along with a plan.
    package struct Descriptor: Sendable, Hashable {
        package let place: Int32
        package init(place: Int32) { self.place = place }

        /// The detached root file system, in every plan.
        package static let root = Descriptor(place: 0)
        // In every plan of an instance.
        package static let standardInput = Descriptor(place: 1)
        package static let standardOutput = Descriptor(place: 2)
        package static let standardError = Descriptor(place: 3)
        /// A detached, read-only sysfs of the instance's network namespace.
        package static let sysfs = Descriptor(place: 4)

        /// What a revision attaches comes behind those.
        static func attached(_ index: Int) -> Descriptor { Descriptor(place: Int32(5 + index)) }
    }

    /// One step. Paths of the container are looked up inside its root, whatever links the image has.
    package enum Step: Sendable, Hashable {
        /// - Parameter keepsGroups: setgroups(2) is not allowed in this user namespace.
        case becomeRoot(keepsGroups: Bool)
        case root(Descriptor, at: String)
        /// A new file system; options are `key` or `key=value`.
        case mount(type: String, target: String, options: [String], attributes: MountAttributes)
        case attach(Descriptor, target: String, attributes: MountAttributes)
        /// A mount with its attributes set.
        case attachment(Descriptor, target: String, isFile: Bool)
        /// - Parameter source: a path in the launcher's root.
        case bind(source: String, target: String, attributes: MountAttributes)
        /// Hides what is there; nothing where the path is missing.
        case mask(String)
        /// The same, where the present root has no `/empty`: the step brings its own.
        case cover(String)
        /// Read-only from here down; nothing where the path is missing.
        case readonly(String)
        /// The mount at this path read-only, but not what is mounted on it.
        case mountReadonly(String)
        case directory(String, mode: UInt32)
        case symlink(content: String, target: String)
        /// A file of the kernel, in the launcher's root.
        /// - Parameter purpose: for messages to people.
        case write(String, content: String, purpose: String)
        case call(SystemCall)
        case pivot
        /// torpor-stage tells that it is here, and waits until it may go on. With a listening socket, who connects to that
        /// and says so is the other side from then on.
        case sync(UInt32, listener: Descriptor?)
        /// The standard streams are a new pseudo-terminal of the container's, which belongs to `owner`, and whose master
        /// torpor-stage sends. It is mounted at `console`, too.
        case terminal(console: String?, rows: UInt16, columns: UInt16, owner: UInt32)
        /// The process goes on in these namespaces, as root of the user namespace where there is one.
        case enter([Descriptor], users: Descriptor?, keepsGroups: Bool)
        // From here on: the process that `start` makes.
        case stdio([Descriptor])
        /// Of a further process: places among the descriptors that are sent with it; nil is what the plan gives.
        case streams([Int32?], isTerminal: Bool)
        case arguments([String])
        /// Of a further process: the program is the descriptor at this place among those that are sent with it.
        case program(Int32, arguments: [String])
        /// The program at a path that the first argument does not tell.
        case programAt(String, arguments: [String])
        case environment([String])
        /// Besides what the plan says, or in the place of what it says of the same names: texts, each ended by a NUL.
        case moreEnvironment([UInt8], replaces: Bool)
        case workingDirectory(String)
        case identity(user: UInt32, group: UInt32, groups: [UInt32], umask: UInt32)
        case keepGroups
        /// Like `write` and `call`, by the process itself before it gives up what makes it root of the container.
        case processWrite(String, content: String, purpose: String)
        case processCall(SystemCall)
        /// Masks of capabilities(7).
        case capabilities(
            bounding: UInt64, effective: UInt64, permitted: UInt64, inheritable: UInt64, ambient: UInt64)
        case noNewPrivileges
        /// An array of `struct sock_filter`.
        /// - Parameters:
        ///   - flags: SECCOMP_FILTER_FLAG_*. - listener: where the listener of a filter with one goes.
        case seccomp([UInt8], flags: UInt64 = 0, listener: SeccompListener? = nil)
        /// They become 3, 4 and so on.
        case pass([Descriptor])
        case start
        /// There is no main process; the one that is described can be started.
        case ready
    }
}

/// Who decides about the system calls that a filter tells of.
package struct SeccompListener: Sendable, Hashable {
    /// A connected socket.
    package let socket: LaunchPlan.Descriptor
    /// Sent over it with the listener's descriptor: the container process state (config-linux.md).
    package let message: String

    package init(socket: LaunchPlan.Descriptor, message: String) {
        self.socket = socket
        self.message = message
    }
}

extension LaunchPlan.Step {
    /// The root and what is below it, but not what is mounted there.
    package static let rootReadonly = Self.mountReadonly("/")

    package static func hostname(_ name: String) -> Self {
        .call(
            SystemCall(
                .sethostname, [.text(name), .number(UInt64(name.utf8.count))], purpose: "set the host name"))
    }

    /// How mounts travel to and from the one at a path of the present root. - Parameter key: the configuration's.
    package static func propagation(
        _ propagation: MountOptions.Propagation, recursive: Bool, of path: String, key: String
    ) -> Self {
        let recursiveFlag: UInt64 = 0x4000
        return .call(
            SystemCall(
                .mount,
                [
                    .text("none"), .text(path), .number(0),
                    .number(propagation.rawValue | (recursive ? recursiveFlag : 0)), .number(0),
                ], purpose: "set \(key)"))
    }

    /// A file of the kernel, in the launcher's root.
    package static func write(_ path: String, content: String) -> Self {
        .write(path, content: content, purpose: "write \(path)")
    }

    /// Of the process that makes the call.
    package static func limit(_ kind: ResourceLimitKind, soft: UInt64, hard: UInt64) -> Self {
        .processCall(
            SystemCall(
                .prlimit64, [.number(0), .number(UInt64(kind.rawValue)), .words([soft, hard])],
                purpose: "set \(kind.name)"))
    }
}

extension LaunchPlan {
    /// What the process's own calls are for, in their order.
    package var callPurposes: [String] {
        steps.compactMap { step in
            switch step {
            case .processWrite, .processCall: step.summary
            default: nil
            }
        }
    }

    /// Of the main process's environment.
    var variableNames: [String] {
        steps.flatMap { step -> [String] in
            guard case .environment(let variables) = step else { return [] }
            return variables.map { String(Substring($0.utf8.prefix { $0 != UInt8(ascii: "=") })) }
        }
    }
}

extension LaunchPlan.Step {
    /// For messages to people.
    package var summary: String {
        switch self {
        case .becomeRoot: "become root of the user namespace"
        case .root: "attach the root file system"
        case .mount(let type, let target, _, _): "mount \(type) on \(target)"
        case .attach(_, let target, _), .attachment(_, let target, _): "mount on \(target)"
        case .bind(_, let target, _): "bind \(target)"
        case .mask(let path), .cover(let path): "mask \(path)"
        case .readonly(let path), .mountReadonly(let path): "make \(path) read-only"
        case .directory(let path, _): "make the directory \(path)"
        case .symlink(_, let path): "make the link \(path)"
        case .write(_, _, let purpose), .processWrite(_, _, let purpose): purpose
        case .call(let call), .processCall(let call): call.purpose
        case .pivot: "enter the root file system"
        case .terminal: "make the terminal"
        case .enter: "enter the container"
        case .start: "start the process"
        case .ready: "find the command"
        default: "prepare the process"
        }
    }
}
