package import Core

/// Who makes the containers' cgroups.
package enum CgroupManager: String, Sendable, CaseIterable, Codable {
    /// The runtime itself, in the cgroup file system.
    case cgroupfs
    /// systemd, as a transient scope.
    case systemd
    /// Nobody: a container stays in its caller's.
    case disabled

    /// - Parameter name: of `--cgroup-manager`.
    package init(option name: String) throws(InvalidInput) {
        guard let manager = CgroupManager(rawValue: name) else {
            throw InvalidInput(
                "--cgroup-manager", "'\(name.prefix(40))' is none",
                allowed: CgroupManager.allCases.map(\.rawValue).joined(separator: ", "))
        }
        self = manager
    }
}
