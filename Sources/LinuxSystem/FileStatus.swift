internal import CLinux

/// What statx(2) tells of a file, never of what a link points to.
package struct FileStatus: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case regular, directory, link, fifo, socket
        case characterDevice(major: UInt32, minor: UInt32)
        case blockDevice(major: UInt32, minor: UInt32)
    }

    /// What makes two names the same file, on one host, at one time.
    package struct Identity: Sendable, Hashable {
        package let device: UInt64
        package let inode: UInt64
    }

    package struct Time: Sendable, Hashable {
        package let seconds: Int64
        package let nanoseconds: UInt32

        package init(seconds: Int64, nanoseconds: UInt32) {
            self.seconds = seconds
            self.nanoseconds = nanoseconds
        }
    }

    package let kind: Kind
    package let identity: Identity
    /// The twelve bits of chmod(2).
    package let mode: UInt32
    package let user: UInt32
    package let group: UInt32
    package let links: UInt32
    package let size: Int64
    /// Bytes that it takes on the disk.
    package let allocated: Int64
    package let modified: Time
    /// Changes with every change of content, owner or mode; nobody can set it.
    package let changed: Time
    package let isMountPoint: Bool

    init(_ raw: clinux_status) {
        kind =
            switch raw.mode & 0o170000 {
            case 0o100000: .regular
            case 0o040000: .directory
            case 0o120000: .link
            case 0o010000: .fifo
            case 0o020000: .characterDevice(major: raw.node_major, minor: raw.node_minor)
            case 0o060000: .blockDevice(major: raw.node_major, minor: raw.node_minor)
            default: .socket
            }
        identity = Identity(
            device: UInt64(raw.device_major) << 32 | UInt64(raw.device_minor), inode: raw.inode)
        mode = raw.mode & 0o7777
        user = raw.uid
        group = raw.gid
        links = raw.links
        size = Int64(clamping: raw.size)
        allocated = Int64(clamping: raw.blocks) << 9
        modified = Time(seconds: raw.modified, nanoseconds: raw.modified_ns)
        changed = Time(seconds: raw.changed, nanoseconds: raw.changed_ns)
        isMountPoint = raw.mount_root != 0
    }

    /// Whether nobody but this user, or root, may change it.
    package func isOnlyWritable(byUser id: UInt32) -> Bool {
        (user == id || user == 0) && mode & 0o022 == 0
    }

    /// An empty name is the file that the descriptor names.
    package static func of(_ name: FileName, at directory: Int32) throws(KernelError) -> FileStatus {
        var raw = clinux_status()
        try check(name.withCString { clinux_status(directory, $0, &raw) }, "statx", subject: "\(name)")
        return FileStatus(raw)
    }
}
