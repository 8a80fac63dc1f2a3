internal import CLinux
internal import Glibc

/// A directory that is held open. Everything in it is reached by name from here, and no name is followed as a link, so
/// that nobody who renames things in a path meanwhile can lead elsewhere.
package final class Directory: Sendable {
    private let fd: OwnedFD

    private init(_ fd: consuming OwnedFD) { self.fd = fd }

    /// - Parameter path: its own last component must be no link; those before may be.
    package convenience init(path: String) throws(KernelError) {
        self.init(try File.open(path, flags: Self.flags))
    }

    private static let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW

    package func directory(_ name: FileName) throws(KernelError) -> Directory {
        let raw = name.withCString { clinux_openat(fd.raw, $0, Self.flags, 0) }
        return Directory(OwnedFD(owning: try check(raw, "open", subject: "\(name)")))
    }

    /// A path of several components that stays in this directory and has no link in it: else EXDEV or ELOOP.
    package func directory(beneath path: String) throws(KernelError) -> Directory {
        let raw = clinux_open_beneath(fd.raw, path, Self.flags)
        return Directory(OwnedFD(owning: try check(raw, "open", subject: path)))
    }

    /// Opens for reading. What turns out to be a fifo or a device does not block.
    package func file(_ name: FileName) throws(KernelError) -> ContentFile {
        let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
        let raw = name.withCString { clinux_openat(fd.raw, $0, flags, 0) }
        return ContentFile(OwnedFD(owning: try check(raw, "open", subject: "\(name)")))
    }

    /// Reads a file at a path whose links are followed as if this directory were the root. What is no regular file is EINVAL,
    /// and opening it does not block.
    package func contentInside(_ path: String, limit: Int) throws(KernelError) -> [UInt8] {
        let raw = clinux_open_file_in_root(fd.raw, path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
        let file = OwnedFD(owning: try check(raw, "open", subject: path))
        guard case .regular = try FileStatus.of(FileName(""), at: file.raw).kind else {
            throw KernelError("read", subject: path, code: EINVAL)
        }
        return try File.readAll(file.raw, limit: limit, subject: path)
    }

    package func createFile(_ name: FileName) throws(KernelError) -> ContentFile {
        let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW
        let raw = name.withCString { clinux_openat(fd.raw, $0, flags, 0o600) }
        return ContentFile(OwnedFD(owning: try check(raw, "create", subject: "\(name)")))
    }

    /// Names in the order of their bytes, without `.` and `..`; all of them in memory.
    /// - Parameter limit: of how many; more is EOVERFLOW.
    package func names(limit: Int) throws(KernelError) -> [FileName] {
        // A descriptor of its own, so that the place of reading is nobody else's.
        let reader = try directory(FileName("."))
        var names: [FileName] = []
        try reader.eachName { name throws(KernelError) in
            if names.count >= limit {
                throw KernelError("getdents64", subject: "directory", code: EOVERFLOW)
            }
            names.append(name)
            return true
        }
        return names.sorted()
    }

    /// Calls back with each name but `.` and `..`, in the kernel's order, until that returns false. However many there are,
    /// a few hundred are in memory at a time; the body may remove what it is given. The place of reading is this
    /// descriptor's: for a directory that nobody else reads meanwhile.
    package func eachName(
        _ body: (FileName) throws(KernelError) -> Bool
    ) throws(KernelError) {
        try check(clinux_directory_rewind(fd.raw), "lseek", subject: "directory")
        // Small, since a walk has one on each level.
        var buffer = [UInt8](repeating: 0, count: 8 << 10)
        while true {
            let count = Int(
                try check(
                    clinux_directory_read(fd.raw, &buffer, buffer.count), "getdents64", subject: "directory"))
            if count == 0 { return }
            var start = 0
            while start < count {
                let (name, next) = Self.entry(at: start, of: buffer[0..<count])
                start = next
                if let name, try !body(name) { return }
            }
        }
    }

    /// An entry of getdents64(2): inode and offset (16 bytes), length (2), type (1), then the name and a NUL.
    /// - Returns: no name for `.` and `..`; where the next entry is.
    private static func entry(at start: Int, of buffer: ArraySlice<UInt8>) -> (name: FileName?, next: Int) {
        precondition(start + 19 < buffer.endIndex, "getdents64 gives whole entries")
        let length = Int(buffer[start + 16]) | Int(buffer[start + 17]) << 8
        precondition(length > 19 && start + length <= buffer.endIndex, "getdents64 gives whole entries")
        let name = buffer[(start + 19)..<(start + length)].prefix { $0 != 0 }
        let isOwn = name.elementsEqual([46]) || name.elementsEqual([46, 46])
        return (isOwn ? nil : FileName(bytes: Array(name)), start + length)
    }

    /// With an empty name, of the directory itself.
    package func status(_ name: FileName = FileName("")) throws(KernelError) -> FileStatus {
        try FileStatus.of(name, at: fd.raw)
    }

    package func linkContent(_ name: FileName) throws(KernelError) -> [UInt8] {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = name.withCString { clinux_readlinkat(fd.raw, $0, &buffer, buffer.count) }
        let length = Int(try check(count, "readlink", subject: "\(name)"))
        return buffer[0..<length].map(UInt8.init(bitPattern:))
    }

    /// The directory itself as a file: its attributes, and fsync.
    package func asFile() throws(KernelError) -> ContentFile { ContentFile(try fd.duplicate()) }

    // MARK: changing

    package func makeDirectory(_ name: FileName, mode: UInt32 = 0o700) throws(KernelError) {
        try check(name.withCString { clinux_mkdirat(fd.raw, $0, mode) }, "mkdir", subject: "\(name)")
    }

    package func makeFifo(_ name: FileName) throws(KernelError) {
        let fifo: UInt32 = 0o010600
        try check(name.withCString { clinux_mknodat(fd.raw, $0, fifo, 0, 0) }, "mknod", subject: "\(name)")
    }

    package func makeLink(_ name: FileName, content: [UInt8]) throws(KernelError) {
        let result = name.withCString { path in
            FileName(bytes: content).withCString { clinux_symlinkat($0, fd.raw, path) }
        }
        try check(result, "symlink", subject: "\(name)")
    }

    /// A further name for a file that stands under `root`.
    package func makeHardLink(_ name: FileName, to path: FileName, under root: Directory) throws(KernelError)
    {
        let result = name.withCString { new in
            path.withCString { clinux_linkat(root.fd.raw, $0, fd.raw, new) }
        }
        try check(result, "link", subject: "\(name)")
    }

    package func setOwner(_ name: FileName = FileName(""), user: UInt32, group: UInt32) throws(KernelError) {
        try check(
            name.withCString { clinux_chownat(fd.raw, $0, user, group) }, "chown", subject: "\(name)")
    }

    /// Not for a link.
    package func setMode(_ mode: UInt32, of name: FileName = FileName("")) throws(KernelError) {
        try check(name.withCString { clinux_chmodat(fd.raw, $0, mode) }, "chmod", subject: "\(name)")
    }

    package func setTime(_ time: FileStatus.Time, of name: FileName = FileName("")) throws(KernelError) {
        let result = name.withCString { clinux_set_times(fd.raw, $0, time.seconds, time.nanoseconds) }
        try check(result, "utimensat", subject: "\(name)")
    }

    /// - Throws: EEXIST where something has the new name already.
    package func rename(_ name: FileName, to other: Directory, as newName: FileName) throws(KernelError) {
        let result = name.withCString { old in
            newName.withCString { clinux_rename_new(fd.raw, old, other.fd.raw, $0) }
        }
        try check(result, "rename", subject: "\(name)")
    }

    /// Replaces what has the new name, at one moment. Both may be paths.
    package func rename(_ name: FileName, over newName: FileName) throws(KernelError) {
        let result = name.withCString { old in
            newName.withCString { clinux_rename_over(fd.raw, old, fd.raw, $0) }
        }
        try check(result, "rename", subject: "\(name)")
    }

    /// A mount of this directory alone, without what is mounted below it, that is nowhere yet (open_tree(2)). The
    /// directory must have been opened in the calling thread's mount namespace.
    package func detachedMount() throws(KernelError) -> DetachedMount {
        DetachedMount(
            owning: OwnedFD(
                owning: try check(clinux_clone_mount(fd.raw, "", 0), "open_tree", subject: "directory")))
    }

    /// The same of what is at a path that stays in this directory and has no link in it, which may be a file; "" is the
    /// directory itself. - Parameter recursive: with all that is mounted below.
    package func detachedMount(beneath path: String, recursive: Bool) throws(KernelError) -> DetachedMount {
        let raw =
            path.isEmpty
            ? clinux_openat(fd.raw, ".", File.pathOnly, 0) : clinux_open_beneath(fd.raw, path, File.pathOnly)
        let found = OwnedFD(owning: try check(raw, "open", subject: path))
        return DetachedMount(
            owning: OwnedFD(
                owning: try check(
                    clinux_clone_mount(found.raw, "", recursive ? 1 : 0), "open_tree", subject: path)))
    }

    /// Makes the names in this directory durable.
    package func synchronise() throws(KernelError) {
        try check(clinux_fsync(fd.raw), "fsync", subject: "directory")
    }

    /// Makes everything on this directory's file system durable.
    package func synchroniseFileSystem() throws(KernelError) {
        try check(clinux_syncfs(fd.raw), "syncfs", subject: "directory")
    }

    /// Removes a file, or a directory with everything in it.
    package func removeTree(_ name: FileName, depth: Int = 0) throws(KernelError) {
        let unlinked = name.withCString { clinux_unlinkat(fd.raw, $0, 0) }
        if unlinked == 0 || unlinked == -ENOENT { return }
        guard unlinked == -EISDIR || unlinked == -EPERM else {
            throw KernelError("unlink", subject: "\(name)", code: -unlinked)
        }
        // Each level holds a descriptor; what is removed here was bounded when it was made.
        if depth > 1000 { throw KernelError("unlink", subject: "\(name)", code: ELOOP) }
        let child = try openToEmpty(name)
        var removedAny: Bool
        var result: Int32
        var passes = 0
        repeat {
            removedAny = false
            try child.eachName { entry throws(KernelError) in
                try child.removeTree(entry, depth: depth + 1)
                removedAny = true
                return true
            }
            result = name.withCString { clinux_unlinkat(fd.raw, $0, 1) }
            passes += 1
            // Some file systems leave out entries while others are removed; and somebody may still add some.
        } while result == -ENOTEMPTY && removedAny && passes < 100
        try check(result, "rmdir", subject: "\(name)")
    }

    /// Who is not root needs all three bits of his own directory to empty it.
    private func openToEmpty(_ name: FileName) throws(KernelError) -> Directory {
        if try status(name).mode & 0o700 != 0o700 { try setMode(0o700, of: name) }
        return try directory(name)
    }
}
