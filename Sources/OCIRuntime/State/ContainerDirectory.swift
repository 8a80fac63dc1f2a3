internal import CLinux
internal import Core
internal import Glibc
internal import LinuxSystem

/// The directory of one container: its state, its configuration as it was, and the socket over which it is started.
///
/// Commands that change a container hold the directory's lock; one that only looks does not, since `state.json` is replaced
/// at one moment.
package final class ContainerDirectory: Sendable {
    package let id: ContainerID
    package let path: String
    private let directory: OwnedFD

    static let state = "state.json"
    static let configuration = "config.json"
    /// Listens until the container is started.
    static let socket = "start"

    init(id: ContainerID, path: String) throws(KernelError) {
        self.id = id
        self.path = path
        directory = try File.open(path, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    }

    /// Holds it against other commands until this process ends.
    /// - Throws: `RuntimeFailure` when another does not let go of it in time, or has removed the container meanwhile.
    package func lock() throws {
        let deadline = KernelClock.monotonic() + Limits.containerLockTime.nanoseconds
        while true {
            let result = clinux_lock_exclusive(directory.raw)
            if result != -EWOULDBLOCK {
                try check(result, "flock", subject: path)
                break
            }
            guard KernelClock.monotonic() < deadline else {
                throw RuntimeFailure("container \(id) is held by another command; try again")
            }
            usleep(1000)
        }
        guard isThere else { throw RuntimeFailure("container \(id) does not exist") }
    }

    /// Whether nobody has removed it.
    package var isThere: Bool {
        var status = clinux_status()
        return clinux_status(directory.raw, "", &status) == 0 && status.links > 0
    }

    /// Lets others change it again, while this process only waits.
    package func unlock() { _ = clinux_unlock(directory.raw) }

    /// A short path of something in it: of a socket, whose address has room for no long one.
    package func shortPath(_ name: String) -> String { "/proc/self/fd/\(directory.raw)/\(name)" }

    package func record() throws -> ContainerRecord {
        let bytes: [UInt8]
        do {
            bytes = try File.read(Self.state, at: directory.raw, limit: Limits.ociConfigBytes)
        } catch {
            guard error.isMissing else { throw error }
            throw RuntimeFailure(
                "container \(id) has no state yet: it is being made, or that was interrupted")
        }
        return try ContainerRecord.parse(bytes, of: id)
    }

    package func save(_ record: ContainerRecord) throws { try replace(Self.state, try record.json()) }

    /// The configuration that the container was made with; that in its bundle may be another by now.
    package func saveConfiguration(_ bytes: [UInt8]) throws { try replace(Self.configuration, bytes) }

    package func configurationBytes() throws -> [UInt8] {
        try File.read(Self.configuration, at: directory.raw, limit: Limits.ociConfigBytes)
    }

    private func replace(_ name: String, _ bytes: [UInt8]) throws {
        let new = name + ".new"
        try? FileTree.remove(new, at: directory.raw)
        try FileTree.makeFile(new, at: directory.raw, content: bytes, mode: 0o600)
        try check(clinux_rename_over(directory.raw, new, directory.raw, name), "rename", subject: name)
    }

    /// Nobody listens there any more.
    package func removeSocket() { try? FileTree.remove(Self.socket, at: directory.raw) }

    /// With all that is in it.
    package func remove() throws {
        for name in [Self.state, Self.configuration, Self.socket] {
            do { try FileTree.remove(name, at: directory.raw) } catch { if !error.isMissing { throw error } }
        }
        for name in [Self.state, Self.configuration] {
            try? FileTree.remove(name + ".new", at: directory.raw)
        }
        try FileTree.removeDirectory(path)
    }
}
