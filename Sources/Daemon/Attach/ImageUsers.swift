internal import Core
internal import LinuxSystem

/// Users and groups by the names that an image has for them (passwd(5), group(5)). The image is read, not the running
/// container, which could say anything in any way.
struct ImageUsers {
    struct Found: Sendable, Equatable {
        let user: ProcessUser
        let home: String
    }

    /// Of the image's root filesystem.
    let root: String

    /// Reads `USER` or `USER:GROUP`, each a name or a number; without a group it is the user's own, with those that have
    /// the user as a member. A number needs no entry.
    ///
    /// Reads files.
    /// - Throws: `InvalidInput` with path `user`.
    func find(_ text: String, umask: UInt32) throws(InvalidInput) -> Found {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        guard !parts.contains("") else {
            throw InvalidInput("user", "'\(text.prefix(80))' is no user", allowed: "USER or USER:GROUP")
        }
        let number = UInt32(parts[0])
        let entry = try lines("passwd").first { fields in
            fields.count > 5 && (fields[0] == parts[0] || (number != nil && UInt32(fields[2]) == number))
        }
        guard let user = entry.flatMap({ UInt32($0[2]) }) ?? number else {
            throw InvalidInput(
                "user", "the image has no user '\(parts[0].prefix(80))' in its /etc/passwd",
                allowed: "one that it has, or a number")
        }
        let home = entry.map { $0[5].isEmpty ? "/" : $0[5] } ?? "/"
        guard parts.count == 2 else {
            let group = entry.flatMap { UInt32($0[3]) } ?? 0
            let groups = try entry.map { entry throws(InvalidInput) in try memberships(entry[0]) } ?? []
            return Found(
                user: ProcessUser(user: user, group: group, groups: groups, umask: umask), home: home)
        }
        let known = try lines("group").first { $0.count > 2 && $0[0] == parts[1] }
        guard let group = known.flatMap({ UInt32($0[2]) }) ?? UInt32(parts[1]) else {
            throw InvalidInput(
                "user", "the image has no group '\(parts[1].prefix(80))' in its /etc/group",
                allowed: "one that it has, or a number")
        }
        return Found(user: ProcessUser(user: user, group: group, umask: umask), home: home)
    }

    private func memberships(_ name: String) throws(InvalidInput) -> [UInt32] {
        let ids = try lines("group").compactMap { fields -> UInt32? in
            guard fields.count > 3, fields[3].split(separator: ",").contains(Substring(name)) else {
                return nil
            }
            return UInt32(fields[2])
        }
        return Array(ids.prefix(Limits.additionalGroups))
    }

    /// Lines of a file of /etc, each by its fields; none where there is no such file.
    private func lines(_ name: String) throws(InvalidInput) -> [[String]] {
        let content: [UInt8]
        do {
            content = try Directory(path: root).contentInside("/etc/\(name)", limit: Limits.userFileBytes)
        } catch {
            if error.isMissing { return [] }
            throw InvalidInput("user", "the image's /etc/\(name) cannot be read: \(error.reason)")
        }
        return String(decoding: content, as: UTF8.self).split(separator: "\n").map {
            $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        }
    }
}
