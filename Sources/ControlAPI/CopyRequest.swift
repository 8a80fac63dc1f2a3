package import Core

/// Files of an instance, as a tar archive on the session's input or output.
package struct CopyRequest: Sendable, Hashable, Codable {
    package enum Direction: String, Sendable, Hashable, Codable {
        case into, from
    }

    package var direction: Direction
    /// Inside of the container, absolute.
    package var path: String
    /// Into: what the one file or directory is called in a directory that is there, or `.` for what the directory has; nil
    /// for an archive of any files. From: what a directory is called in the archive.
    package var name: String?
    /// `USER[:GROUP]` who reads or makes the files; nil is the function's own.
    package var user: String?
    /// Into: with the archive's owners.
    package var keepsOwners: Bool
    /// From: a link at the path stands for what it names.
    package var followsLink: Bool

    package init(
        _ direction: Direction, path: String, name: String?, user: String? = nil,
        keepsOwners: Bool = false, followsLink: Bool = false
    ) {
        self.direction = direction
        self.path = path
        self.name = name
        self.user = user
        self.keepsOwners = keepsOwners
        self.followsLink = followsLink
    }

    package func validate() throws(InvalidInput) {
        guard path.hasPrefix("/"), path.utf8.count < Limits.copyPathBytes, !path.utf8.contains(0) else {
            throw InvalidInput(
                "path", "'\(path.prefix(80))' is no path",
                allowed: "absolute, shorter than \(Limits.copyPathBytes) bytes")
        }
        guard let name else {
            if direction == .from { throw InvalidInput("name", "is missing") }
            return
        }
        // It is one part of a path: `..` would lead elsewhere.
        let isPart =
            !name.isEmpty && name != ".." && !name.utf8.contains { $0 == 0 || $0 == UInt8(ascii: "/") }
        guard isPart, name.utf8.count <= Limits.copyNameBytes else {
            throw InvalidInput(
                "name", "'\(name.prefix(80))' is no name of a file",
                allowed: "at most \(Limits.copyNameBytes) bytes without '/'")
        }
    }
}
