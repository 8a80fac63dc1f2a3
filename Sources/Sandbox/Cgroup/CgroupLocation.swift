/// Where the daemon's own cgroup is in the cgroup2 hierarchy, read from what proc tells. Pure.
package struct CgroupLocation: Sendable, Hashable {
    /// The directory of the daemon's own cgroup in the file system.
    package let directory: String
    /// Whether it is the hierarchy's root, where processes and controllers may live together.
    package let isHierarchyRoot: Bool

    /// The leaf that the daemon itself is in, where it had to make room for instances beside it.
    package static let supervisor = "supervisor"

    /// - Parameters:
    ///   - mountinfo: /proc/self/mountinfo. - membership: /proc/self/cgroup.
    /// - Returns: nil where no cgroup2 is mounted (pure v1, or none at all).
    package init?(mountinfo: String, membership: String) {
        guard let mount = CgroupMount(mountinfo: mountinfo),
            let entry = membership.split(separator: "\n").first(where: { $0.hasPrefix("0::/") })
        else { return nil }
        var path = entry.dropFirst("0::".count)
        // In a later life of the same daemon, its cgroup may already be the leaf.
        if path.hasSuffix("/" + Self.supervisor) { path = path.dropLast(Self.supervisor.count + 1) }
        if mount.root != "/" {
            guard path.hasPrefix(mount.root) else { return nil }
            path = path.dropFirst(mount.root.count)
        }
        let relative = path.split(separator: "/")
        directory = ([mount.point] + relative.map(String.init)).joined(separator: "/")
        isHierarchyRoot = relative.isEmpty && mount.root == "/"
    }
}
