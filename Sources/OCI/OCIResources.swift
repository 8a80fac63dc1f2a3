extension OCIConfig {
    /// Limits of the container's cgroup (config-linux.md, "Control groups"); `CgroupSetting` gives their files.
    package struct Resources: Codable, Sendable, Hashable {
        package var devices: [DeviceRule]?
        package var memory: Memory?
        package var cpu: CPU?
        package var pids: Pids?
        package var blockIO: BlockIO?
        package var hugepageLimits: [HugepageLimit]?
        package var network: Network?
        package var rdma: [String: RDMA]?
        package var unified: [String: String]?

        package init() {}
    }

    /// Whether a device may be used. An absent type, major or minor stands for every one.
    package struct DeviceRule: Codable, Sendable, Hashable {
        package var allow: Bool
        package var type: String?
        package var major: Int64?
        package var minor: Int64?
        package var access: String?

        package init(
            allow: Bool, type: String? = nil, major: Int64? = nil, minor: Int64? = nil, access: String?
        ) {
            self.allow = allow
            self.type = type
            self.major = major
            self.minor = minor
            self.access = access
        }
    }

    /// Bytes; -1 is no limit.
    package struct Memory: Codable, Sendable, Hashable {
        package var limit: Int64?
        package var reservation: Int64?
        /// Memory and swap together.
        package var swap: Int64?
        package var kernel: Int64?
        package var kernelTCP: Int64?
        package var swappiness: UInt64?
        package var disableOOMKiller: Bool?
        package var useHierarchy: Bool?
        package var checkBeforeUpdate: Bool?

        package init() {}
    }

    package struct CPU: Codable, Sendable, Hashable {
        /// Relative weight, 2 to 262144.
        package var shares: UInt64?
        /// Microseconds of processor time in each period; -1 is no limit.
        package var quota: Int64?
        package var burst: UInt64?
        /// Microseconds.
        package var period: UInt64?
        package var realtimeRuntime: Int64?
        package var realtimePeriod: UInt64?
        /// Lists of cpuset(7): `0-3,7`.
        package var cpus: String?
        package var mems: String?
        package var idle: Int64?

        package init() {}
    }

    package struct Pids: Codable, Sendable, Hashable {
        /// Processes and threads at most; 0 or less is no limit.
        package var limit: Int64?

        package init(limit: Int64?) { self.limit = limit }
    }

    package struct BlockIO: Codable, Sendable, Hashable {
        package var weight: UInt16?
        package var leafWeight: UInt16?
        package var weightDevice: [WeightDevice]?
        package var throttleReadBpsDevice: [ThrottleDevice]?
        package var throttleWriteBpsDevice: [ThrottleDevice]?
        package var throttleReadIOPSDevice: [ThrottleDevice]?
        package var throttleWriteIOPSDevice: [ThrottleDevice]?

        package init() {}
    }

    package struct WeightDevice: Codable, Sendable, Hashable {
        package var major: Int64
        package var minor: Int64
        package var weight: UInt16?
        package var leafWeight: UInt16?
    }

    package struct ThrottleDevice: Codable, Sendable, Hashable {
        package var major: Int64
        package var minor: Int64
        package var rate: UInt64
    }

    package struct HugepageLimit: Codable, Sendable, Hashable {
        package var pageSize: String
        package var limit: UInt64

        package init(pageSize: String, limit: UInt64) {
            self.pageSize = pageSize
            self.limit = limit
        }
    }

    package struct Network: Codable, Sendable, Hashable {
        package var classID: UInt32?
        package var priorities: [InterfacePriority]?
    }

    package struct InterfacePriority: Codable, Sendable, Hashable {
        package var name: String
        package var priority: UInt32
    }

    package struct RDMA: Codable, Sendable, Hashable {
        package var hcaHandles: UInt32?
        package var hcaObjects: UInt32?

        package init() {}
    }
}
