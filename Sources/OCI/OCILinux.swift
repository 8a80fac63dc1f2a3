extension OCIConfig {
    /// What only Linux has (config-linux.md).
    package struct Linux: Codable, Sendable, Hashable {
        package var namespaces: [Namespace]?
        package var uidMappings: [IDMapping]?
        package var gidMappings: [IDMapping]?
        package var timeOffsets: [String: TimeOffset]?
        package var devices: [Device]?
        package var netDevices: [String: NetDevice]?
        package var cgroupsPath: String?
        package var resources: Resources?
        package var intelRdt: IntelRdt?
        package var memoryPolicy: MemoryPolicy?
        package var sysctl: [String: String]?
        package var seccomp: Seccomp?
        package var rootfsPropagation: String?
        package var maskedPaths: [String]?
        package var readonlyPaths: [String]?
        package var mountLabel: String?
        package var personality: Personality?

        package init() {}
    }

    package struct Namespace: Codable, Sendable, Hashable {
        package var type: NamespaceKind
        /// An existing namespace to join instead of a new one.
        package var path: String?

        package init(_ type: NamespaceKind) { self.type = type }
    }

    package enum NamespaceKind: String, NamedChoice {
        case pid, network, mount, ipc, uts, user, cgroup, time
    }

    package struct TimeOffset: Codable, Sendable, Hashable {
        package var secs: Int64?
        package var nanosecs: UInt32?

        package init(secs: Int64?, nanosecs: UInt32?) {
            self.secs = secs
            self.nanosecs = nanosecs
        }
    }

    /// A device node that is to be made in the container.
    package struct Device: Codable, Sendable, Hashable {
        package var type: String
        package var path: String
        package var major: Int64?
        package var minor: Int64?
        package var fileMode: UInt32?
        package var uid: UInt32?
        package var gid: UInt32?

        package init(type: String, path: String, major: Int64?, minor: Int64?) {
            self.type = type
            self.path = path
            self.major = major
            self.minor = minor
        }
    }

    package struct NetDevice: Codable, Sendable, Hashable {
        package var name: String?
    }

    package struct IntelRdt: Codable, Sendable, Hashable {
        package var closID: String?
        package var l3CacheSchema: String?
        package var memBwSchema: String?
        package var schemata: [String]?
        package var enableCMT: Bool?
        package var enableMBM: Bool?
        package var enableMonitoring: Bool?

        package init() {}
    }

    package struct MemoryPolicy: Codable, Sendable, Hashable {
        package var mode: String?
        package var nodes: String?
        package var flags: [String]?

        package init() {}
    }

    package struct Personality: Codable, Sendable, Hashable {
        package var domain: String?
        package var flags: [String]?

        package init(domain: String? = nil, flags: [String]? = nil) {
            self.domain = domain
            self.flags = flags
        }
    }
}
