extension OCIConfig {
    /// The container's main process (config.md, "Process").
    package struct Process: Codable, Sendable, Hashable {
        package var terminal: Bool?
        package var consoleSize: ConsoleSize?
        package var user: User?
        /// The program and its arguments.
        package var args: [String]?
        /// `NAME=value` each.
        package var env: [String]?
        /// Absolute working directory inside the container.
        package var cwd: String
        package var capabilities: Capabilities?
        package var rlimits: [ResourceLimit]?
        package var noNewPrivileges: Bool?
        package var apparmorProfile: String?
        package var selinuxLabel: String?
        package var oomScoreAdj: Int32?
        package var scheduler: Scheduler?
        package var ioPriority: IOPriority?
        package var execCPUAffinity: CPUAffinity?

        package init(args: [String]?, cwd: String) {
            self.args = args
            self.cwd = cwd
        }
    }

    /// In characters.
    package struct ConsoleSize: Codable, Sendable, Hashable {
        package var height: UInt32
        package var width: UInt32

        package init(height: UInt32, width: UInt32) {
            self.height = height
            self.width = width
        }
    }

    /// Whom the process runs as, in ids of the container.
    package struct User: Codable, Sendable, Hashable {
        package var uid: UInt32?
        package var gid: UInt32?
        /// File mode bits that are taken from new files, 0 to 0o777.
        package var umask: UInt32?
        package var additionalGids: [UInt32]?

        package init(uid: UInt32? = nil, gid: UInt32? = nil) {
            self.uid = uid
            self.gid = gid
        }
    }

    /// Names of capabilities (`CAP_KILL`) per set of capabilities(7); `masks` gives them as bits.
    package struct Capabilities: Codable, Sendable, Hashable {
        package var bounding: [String]?
        package var effective: [String]?
        package var inheritable: [String]?
        package var permitted: [String]?
        package var ambient: [String]?

        package init() {}
    }

    /// One limit of setrlimit(2).
    package struct ResourceLimit: Codable, Sendable, Hashable {
        /// `RLIMIT_NOFILE` and so on; `ResourceLimitKind` gives the number.
        package var type: String
        package var soft: UInt64
        package var hard: UInt64

        package init(type: String, soft: UInt64, hard: UInt64) {
            self.type = type
            self.soft = soft
            self.hard = hard
        }
    }

    package struct Scheduler: Codable, Sendable, Hashable {
        package var policy: String
        package var nice: Int32?
        package var priority: Int32?
        package var flags: [String]?
        package var runtime: UInt64?
        package var deadline: UInt64?
        package var period: UInt64?

        package init(policy: String) { self.policy = policy }
    }

    package struct IOPriority: Codable, Sendable, Hashable {
        package var `class`: String
        package var priority: Int

        package init(class: String, priority: Int) {
            self.class = `class`
            self.priority = priority
        }
    }

    package struct CPUAffinity: Codable, Sendable, Hashable {
        package var initial: String?
        package var final: String?
    }
}
