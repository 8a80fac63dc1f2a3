internal import CLinux

/// Making and removing directory entries, relative to a directory that is held by descriptor.
package enum FileTree {
    package static func makeDirectory(
        _ path: String, at directory: Int32 = File.currentDirectory, mode: UInt32 = 0o755
    ) throws(KernelError) {
        try check(clinux_mkdirat(directory, path, mode), "mkdir", subject: path)
    }

    /// The directory and what is missing above it (with mode 0755). An existing one keeps its mode.
    package static func makeDirectories(_ path: String, mode: UInt32) throws(KernelError) {
        do {
            try makeDirectory(path, mode: mode)
        } catch {
            if error.isThere { return }
            guard error.isMissing, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
                throw error
            }
            try makeDirectories(String(path[..<slash]), mode: 0o755)
            try makeDirectory(path, mode: mode)
        }
    }

    package static func makeCharacterDevice(
        _ path: String, at directory: Int32 = File.currentDirectory, mode: UInt32, major: UInt32,
        minor: UInt32
    ) throws(KernelError) {
        let characterDevice: UInt32 = 0o020000
        try check(
            clinux_mknodat(directory, path, characterDevice | mode, major, minor), "mknod", subject: path)
    }

    /// - Parameter kind: a device.
    package static func makeDevice(_ path: String, _ kind: FileStatus.Kind, mode: UInt32) throws(KernelError)
    {
        switch kind {
        case .characterDevice(let major, let minor):
            try makeCharacterDevice(path, mode: mode, major: major, minor: minor)
        case .blockDevice(let major, let minor):
            let blockDevice: UInt32 = 0o060000
            try check(
                clinux_mknodat(File.currentDirectory, path, blockDevice | mode, major, minor), "mknod",
                subject: path)
        default: preconditionFailure("only devices have numbers")
        }
        // The mode above was subject to the umask.
        try setMode(path, mode)
    }

    package static func makeLink(
        to content: String, _ path: String, at directory: Int32 = File.currentDirectory
    ) throws(KernelError) {
        try check(clinux_symlinkat(content, directory, path), "symlink", subject: path)
    }

    /// Of the entry itself, never of what a link points to. With an empty path, of the directory.
    package static func setOwner(
        _ path: String, at directory: Int32, user: UInt32, group: UInt32
    ) throws(KernelError) {
        try check(clinux_chownat(directory, path, user, group), "chown", subject: path)
    }

    package static func remove(_ path: String, at directory: Int32 = File.currentDirectory)
        throws(KernelError)
    {
        try check(clinux_unlinkat(directory, path, 0), "unlink", subject: path)
    }

    package static func removeDirectory(_ path: String, at directory: Int32 = File.currentDirectory)
        throws(KernelError)
    {
        try check(clinux_unlinkat(directory, path, 1), "rmdir", subject: path)
    }

    /// Opens a directory inside `root` as if that were the root: no link leads out of it (openat2, RESOLVE_IN_ROOT).
    package static func openDirectory(_ path: String, inRoot root: Int32) throws(KernelError) -> OwnedFD {
        OwnedFD(owning: try check(clinux_open_in_root(root, path), "openat2", subject: path))
    }

    /// Permission bits of what a descriptor names.
    package static func mode(of descriptor: Int32) throws(KernelError) -> UInt32 {
        UInt32(try check(clinux_mode(descriptor), "fstat")) & 0o7777
    }

    /// What a symbolic link says, at most 4096 bytes.
    package static func linkContent(_ path: String) throws(KernelError) -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = try check(clinux_readlink(path, &buffer, buffer.count), "readlink", subject: path)
        return String(decoding: buffer.prefix(Int(count)), as: UTF8.self)
    }

    /// Makes a file that is not there yet (EEXIST else), and writes it whole.
    package static func makeFile(
        _ path: String, at directory: Int32 = File.currentDirectory, content: [UInt8], mode: UInt32 = 0o644
    ) throws(KernelError) {
        // O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, the same on every architecture but for the last.
        let fd = try File.open(
            path, at: directory, flags: Int32(clinux_create_exclusive()), mode: mode)
        var offset = 0
        while offset < content.count {
            let written = content.withUnsafeBytes { bytes in
                clinux_write(fd.raw, bytes.baseAddress.map { $0 + offset }, content.count - offset)
            }
            offset += Int(try check(written, "write", subject: path))
        }
    }

    package static func setMode(_ path: String, _ mode: UInt32) throws(KernelError) {
        try check(clinux_chmod(path, mode), "chmod", subject: path)
    }

    /// umount2(2) with MNT_DETACH.
    package static func unmount(_ path: String) throws(KernelError) {
        try check(clinux_unmount(path), "umount", subject: path)
    }
}
