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
        guard
            let mount = mountinfo.split(separator: "\n").lazy.compactMap({ CgroupMount(line: $0) }).first,
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

/// A line of /proc/self/mountinfo (proc_pid_mountinfo(5)) whose file system is cgroup2.
private struct CgroupMount {
    let root: String
    let point: String

    init?(line: Substring) {
        let halves = line.split(separator: " - ", maxSplits: 1)
        guard halves.count == 2, halves[1].hasPrefix("cgroup2 ") else { return nil }
        let fields = halves[0].split(separator: " ")
        guard fields.count >= 5 else { return nil }
        root = Self.unescaped(fields[3])
        point = Self.unescaped(fields[4])
    }

    /// Space, tab, newline and backslash are written as three octal digits.
    private static func unescaped(_ field: Substring) -> String {
        let bytes = Array(field.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let digits = bytes[index...].dropFirst().prefix(3)
            if bytes[index] == UInt8(ascii: "\\"), digits.count == 3,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                result.append(value)
                index += 4
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
