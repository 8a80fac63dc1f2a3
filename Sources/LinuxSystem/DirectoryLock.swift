internal import CLinux
internal import Glibc

/// One daemon per directory: an flock(2) on a file in it that holds the owner's pid. The kernel releases it when the
/// process ends, however that happens.
package final class DirectoryLock: Sendable {
    private let file: SharedFD
    private let path: String

    package enum Failure: Error, Sendable, Equatable {
        /// Somebody holds it; their pid, if they wrote it yet.
        case held(by: Int?)
        case kernel(KernelError)
    }

    package init(directory: String, name: String = "lock") throws(Failure) {
        path = "\(directory)/\(name)"
        while true {
            let file = try Self.take(path)
            guard try Self.isThere(file, path) else { continue }
            self.file = file
            return
        }
    }

    /// Removes the file, as the owner's last act: from here on another may take the lock, on a file of its own.
    package func remove() { try? FileTree.remove(path) }

    /// Whether what was locked still has its name: its owner may have removed it after it was opened here.
    private static func isThere(_ file: SharedFD, _ path: String) throws(Failure) -> Bool {
        var status = clinux_status()
        do {
            try check(clinux_status(file.raw, "", &status), "statx", subject: path)
        } catch {
            throw .kernel(error)
        }
        return status.links > 0
    }

    private static func take(_ path: String) throws(Failure) -> SharedFD {
        let file: SharedFD
        do {
            file = SharedFD(try File.open(path, flags: O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600))
        } catch {
            throw .kernel(error)
        }
        let result = clinux_lock_exclusive(file.raw)
        if result == -EWOULDBLOCK {
            throw .held(by: (try? File.text(path)).flatMap { Int($0.filter(\.isNumber)) })
        }
        do {
            try check(result, "flock", subject: path)
            try check(clinux_truncate(file.raw, 0), "ftruncate", subject: path)
            var text = "\(HostIdentity.processID)\n"
            try check(
                text.withUTF8 { clinux_write(file.raw, $0.baseAddress, $0.count) }, "write", subject: path)
        } catch {
            throw .kernel(error)
        }
        return file
    }
}
