internal import FoundationEssentials

/// Where the control API is served, and who may use it: `0660 root:torpor` in a directory `0750 root:torpor`.
/// Whoever may open the socket is as powerful as root on this host.
package struct ControlSocket: Sendable, Hashable {
    package let path: String
    /// Members of this group may use the socket. Where the host has no such group, only the daemon's own user
    /// may.
    package let group: String

    /// - Parameter path: absolute, at most 107 bytes (unix(7)).
    package init(path: String, group: String = "torpor") {
        self.path = path
        self.group = group
    }

    /// Makes the socket's directory unless it is there. One that is there is left as it is: it may be
    /// anybody's.
    func prepareDirectory() throws(ControlSocketError) {
        guard path.utf8.first == UInt8(ascii: "/"), path.utf8.count <= 107 else {
            throw ControlSocketError(
                path: path, reason: "a socket's path is absolute and at most 107 bytes long")
        }
        let directory = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        guard !directory.isEmpty, !FileManager.default.fileExists(atPath: directory) else { return }
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o750])
            try Self.restrictDirectory(directory, group: group)
        } catch {
            throw problem("cannot make its directory", error)
        }
    }

    /// Gives a directory of the daemon's own, such as `/run/torpor`, to the group: `0750 root:torpor`.
    package static func restrictDirectory(_ directory: String, group: String = "torpor") throws {
        try setAttributes(of: directory, mode: 0o750, group: groupID(named: group))
    }

    /// Gives the bound socket its group and mode. Until then only its directory protects it.
    func restrict() throws(ControlSocketError) {
        do {
            let group = Self.groupID(named: group)
            try Self.setAttributes(of: path, mode: group == nil ? 0o600 : 0o660, group: group)
        } catch {
            throw problem("cannot set its group and mode", error)
        }
    }

    func problem(_ what: String, _ error: any Error) -> ControlSocketError {
        ControlSocketError(path: path, reason: "\(what): \(error)")
    }

    private static func setAttributes(of path: String, mode: Int, group: Int?) throws {
        if let group {
            try FileManager.default.setAttributes([.groupOwnerAccountID: group], ofItemAtPath: path)
        }
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    /// The id of a group of this host, from `/etc/group` (group(5)).
    private static func groupID(named name: String) -> Int? {
        guard let file = FileManager.default.contents(atPath: "/etc/group") else { return nil }
        for line in String(decoding: file, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            if fields.count >= 3, fields[0] == name { return Int(fields[2]) }
        }
        return nil
    }
}

/// The control socket could not be made.
package struct ControlSocketError: Error, Sendable, Hashable, CustomStringConvertible {
    package let path: String
    package let reason: String
    package var description: String { "control socket \(path): \(reason)" }
}
