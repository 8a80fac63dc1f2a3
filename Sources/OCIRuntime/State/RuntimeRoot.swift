internal import Core
internal import Glibc
package import LinuxSystem

/// Where the runtime keeps one directory for each container (`--root`): on a file system that a reboot empties, as it
/// empties the host of containers.
package struct RuntimeRoot: Sendable {
    package let path: String

    package init(path: String) { self.path = path }

    /// - Parameters:
    ///   - isRoot: whether the caller is root. - directory: its XDG_RUNTIME_DIR, if it has one.
    package static func standard(isRoot: Bool, runtimeDirectory: String?) -> RuntimeRoot {
        guard !isRoot, let runtimeDirectory, !runtimeDirectory.isEmpty else {
            return RuntimeRoot(path: "/run/torpor-oci")
        }
        return RuntimeRoot(path: runtimeDirectory + "/torpor-oci")
    }

    /// - Throws: `RuntimeFailure` where one of that name is there.
    package func create(_ id: ContainerID) throws -> ContainerDirectory {
        try FileTree.makeDirectories(path, mode: 0o700)
        let directory = "\(path)/\(id)"
        do {
            try FileTree.makeDirectory(directory, mode: 0o700)
        } catch {
            guard error.isThere else { throw error }
            throw RuntimeFailure("container \(id) exists already; delete it, or use another id")
        }
        return try ContainerDirectory(id: id, path: directory)
    }

    /// - Throws: `RuntimeFailure` where there is none.
    package func open(_ id: ContainerID) throws -> ContainerDirectory {
        guard let directory = try find(id) else { throw RuntimeFailure("container \(id) does not exist") }
        return directory
    }

    /// - Returns: nil where there is none.
    package func find(_ id: ContainerID) throws(KernelError) -> ContainerDirectory? {
        do {
            return try ContainerDirectory(id: id, path: "\(path)/\(id)")
        } catch {
            if error.isMissing { return nil }
            throw error
        }
    }

    /// In the order of their names.
    package func ids() throws -> [ContainerID] {
        guard let directory = try existing() else { return [] }
        return try directory.names(limit: Limits.containersListed).compactMap { try? ContainerID("\($0)") }
    }

    private func existing() throws(KernelError) -> Directory? {
        do {
            return try Directory(path: path)
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }
}
