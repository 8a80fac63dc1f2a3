package import Core
package import LinuxSystem

/// What user and group ids the daemon has to give away (user_namespaces(7)).
package enum IDMap {
    /// Of the caller's user namespace: the initial one has every id, an unprivileged one few.
    /// - Parameter first: the first id of the functions' (`uid-base`).
    package static func hostIDs(from first: UInt32) throws(KernelError) -> HostIDs {
        hostIDs(
            from: first, users: try File.text("/proc/self/uid_map"),
            groups: try File.text("/proc/self/gid_map"))
    }

    /// - Parameters:
    ///   - users: of /proc/self/uid_map. - groups: of /proc/self/gid_map.
    package static func hostIDs(from first: UInt32, users: String, groups: String) -> HostIDs {
        let room = min(ranges(in: users, from: first), ranges(in: groups, from: first))
        return HostIDs(first: first, ranges: min(room, Limits.idRanges))
    }

    /// Whole ranges, one behind the other: what a line of the map has of them.
    private static func ranges(in map: String, from first: UInt32) -> Int {
        for line in map.split(separator: "\n") {
            let numbers = line.split(separator: " ").compactMap { UInt64($0) }
            guard numbers.count == 3 else { continue }
            var end = numbers[0] + numbers[2]
            guard numbers[0] <= UInt64(first), UInt64(first) < end else { continue }
            if first < Limits.foreignIDs { end = min(end, UInt64(Limits.foreignIDs)) }
            return Int((end - UInt64(first)) / UInt64(Limits.containerIDs))
        }
        return 0
    }
}
