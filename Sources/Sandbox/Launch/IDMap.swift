internal import Core
package import LinuxSystem

/// What user ids the daemon has to give away (user_namespaces(7)).
package enum IDMap {
    /// Whether the caller's user namespace has the whole range of the functions' ids: the initial one has, an
    /// unprivileged one has not.
    package static func ownMapCovers(first: UInt32) throws(KernelError) -> Bool {
        let users = try File.text("/proc/self/uid_map")
        let groups = try File.text("/proc/self/gid_map")
        return covers(map: users, first: first) && covers(map: groups, first: first)
    }

    package static func covers(map: String, first: UInt32) -> Bool {
        map.split(separator: "\n").contains { line in
            let numbers = line.split(separator: " ").compactMap { UInt64($0) }
            guard numbers.count == 3 else { return false }
            return numbers[0] <= UInt64(first)
                && UInt64(first) + UInt64(Limits.containerIDs) <= numbers[0] + numbers[2]
        }
    }
}
