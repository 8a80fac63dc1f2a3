import Foundation
import Glibc

/// What this host lets the tests do. A test whose need is not met is skipped with the reason, never passed.
enum Host {
    static let isRoot = geteuid() == 0

    /// Root of the initial user namespace, with every id mapped.
    static let isRealRoot: Bool = isRoot && text("/proc/self/uid_map").contains("4294967295")

    /// Whether bridges, namespaces and mounts can be made: root, or root of a user namespace that owns its network.
    static let canRun: Bool =
        isRoot && (try? ChildProcess.run("unshare", ["-n", "-m", "true"])) != nil
        && (try? ChildProcess.run("ip", ["link", "set", "lo", "up"])) != nil
        && FileManager.default.isExecutableFile(atPath: Programs.daemon)
    static let cannotRun: String =
        """
        needs root, or root of a user and network namespace of its own (unshare -Urmnpf --mount-proc), iproute2, and \
        torpord beside the tests (\(Programs.daemon))
        """

    /// The cgroup v2 hierarchy, where one is mounted.
    static let cgroupRoot: String? = mounts().first { $0.type == "cgroup2" }?.path

    /// Whether a cgroup of our own can be made and has a freezer.
    static let canFreeze: Bool = {
        guard let cgroupRoot, isRealRoot else { return false }
        let path = "\(cgroupRoot)/torpor-test-\(getpid())"
        guard mkdir(path, 0o755) == 0 else { return false }
        defer { rmdir(path) }
        return access("\(path)/cgroup.freeze", W_OK) == 0
    }()
    static let cannotFreeze = "no cgroup v2 freezer that this user may use"

    static let canSwitchUser = isRealRoot
    static let cannotSwitchUser = "needs root of the initial user namespace, to run as another user"

    /// For tests with many connections: the soft limit becomes the hard one.
    static func raiseOpenFileLimit() {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    struct Mount {
        let path: String
        let type: String
        let line: String
    }

    static func mounts(of process: String = "self") -> [Mount] {
        text("/proc/\(process)/mountinfo").split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), fields.count > dash + 1, fields.count > 4 else {
                return nil
            }
            return Mount(path: String(fields[4]), type: String(fields[dash + 1]), line: String(line))
        }
    }

    /// A file of the kernel's; empty when it cannot be read.
    static func text(_ path: String) -> String {
        guard let bytes = FileManager.default.contents(atPath: path) else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }
}
