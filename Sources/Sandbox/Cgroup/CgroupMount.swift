/// Where the cgroup2 file system is mounted, in hybrid mode too. Pure.
package struct CgroupMount: Sendable, Hashable {
    /// The cgroup that is seen at the mount point, as the reader's cgroup namespace names it.
    package let root: String
    package let point: String

    /// - Parameter mountinfo: /proc/self/mountinfo (proc_pid_mountinfo(5)). - Returns: nil without cgroup2.
    package init?(mountinfo: String) {
        let mounts = mountinfo.split(separator: "\n").compactMap { CgroupMount(line: $0) }
        // At the usual place it hides what a hybrid host has below.
        guard let mount = mounts.last(where: { $0.point == "/sys/fs/cgroup" }) ?? mounts.first else {
            return nil
        }
        self = mount
    }

    private init?(line: Substring) {
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
