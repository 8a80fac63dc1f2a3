internal import CLinux
internal import Glibc

/// A small file that its owner alone may read: keys, passwords.
package enum RootOnlyFile {
    /// What the file holds; nil when there is none.
    /// - Throws: `EPERM` when others may read or write it.
    package static func read(_ path: String, limit: Int = 64 << 10) throws(KernelError) -> [UInt8]? {
        let file: OwnedFD
        do {
            file = try File.open(path, flags: O_RDONLY | O_NOFOLLOW)
        } catch {
            if error.isMissing { return nil }
            throw error
        }
        let status = try FileStatus.of(FileName(""), at: file.raw)
        guard status.mode & 0o077 == 0, status.user == HostIdentity.userID else {
            throw KernelError("read a file that others may read", subject: path, code: EPERM)
        }
        return try File.readAll(file.raw, limit: limit, subject: path)
    }

    /// Writes it, whole or not at all, and durably, in place of what was there.
    package static func write(_ content: [UInt8], to path: String) throws(KernelError) {
        let temporary = "\(path).new"
        _ = clinux_unlinkat(File.currentDirectory, temporary, 0)
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW
        let file = try File.open(temporary, flags: flags, mode: 0o600)
        var written = 0
        while written < content.count {
            let count = content[written...].withUnsafeBytes {
                clinux_write(file.raw, $0.baseAddress, $0.count)
            }
            written += Int(try check(count, "write", subject: temporary))
        }
        try check(clinux_fsync(file.raw), "fsync", subject: temporary)
        try check(clinux_rename(temporary, path), "rename", subject: path)
    }
}
