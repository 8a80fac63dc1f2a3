internal import CLinux

/// Attributes of a mount (mount_setattr(2), MOUNT_ATTR_*).
package struct MountAttributes: OptionSet, Sendable, Hashable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
    package static let readOnly = MountAttributes(rawValue: 0x1)
    package static let noSetuid = MountAttributes(rawValue: 0x2)
    package static let noDevices = MountAttributes(rawValue: 0x4)
    package static let noExecute = MountAttributes(rawValue: 0x8)
}

/// A file system that is being configured (fsopen(2)), then mounted without a place (fsmount(2)).
package struct FilesystemContext: ~Copyable {
    private let fd: OwnedFD
    private let type: String

    package init(_ type: String) throws(KernelError) {
        fd = OwnedFD(owning: try check(clinux_fsopen(type), "fsopen", subject: type))
        self.type = type
    }

    /// - Parameter value: at most 255 bytes, the kernel's bound.
    package func set(_ key: String, _ value: String) throws(KernelError) {
        try explain(clinux_fsconfig_string(fd.raw, key, value), key)
    }

    package func set(_ key: String, descriptor: Int32) throws(KernelError) {
        try explain(clinux_fsconfig_fd(fd.raw, key, descriptor), key)
    }

    package func set(flag key: String) throws(KernelError) {
        try explain(clinux_fsconfig_flag(fd.raw, key), key)
    }

    /// Makes the file system and a detached mount of it.
    package consuming func mount(_ attributes: MountAttributes) throws(KernelError) -> DetachedMount {
        try explain(clinux_fsconfig_create(fd.raw), "create")
        return DetachedMount(
            owning: OwnedFD(
                owning: try check(clinux_fsmount(fd.raw, attributes.rawValue), "fsmount", subject: type)))
    }

    /// The kernel says in words what it did not like; `errno` alone would be EINVAL for everything.
    private borrowing func explain(_ result: Int32, _ key: String) throws(KernelError) {
        if result >= 0 { return }
        var text = ""
        var buffer = [CChar](repeating: 0, count: 512)
        while clinux_fs_message(fd.raw, &buffer, buffer.count) > 0 {
            let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            text += " (" + String(decoding: bytes, as: UTF8.self) + ")"
        }
        throw KernelError("fsconfig", subject: "\(type) \(key)\(text)", code: -result)
    }
}

/// A mount that is in no mount namespace; it goes with the value unless it was moved somewhere.
package struct DetachedMount: ~Copyable, Sendable {
    private let fd: OwnedFD

    package init(owning fd: consuming OwnedFD) { self.fd = fd }

    package var descriptor: Int32 { fd.raw }

    /// A detached copy of the mount at `path`, which must be in the caller's mount namespace.
    package init(copying path: String, recursive: Bool = false) throws(KernelError) {
        let result = clinux_clone_mount(File.currentDirectory, path, recursive ? 1 : 0)
        fd = OwnedFD(owning: try check(result, "open_tree", subject: path))
    }

    /// A copy of this one. Before Linux 6.15 a detached mount cannot be copied: EINVAL.
    package func copy() throws(KernelError) -> DetachedMount {
        DetachedMount(
            owning: OwnedFD(
                owning: try check(clinux_clone_mount(fd.raw, "", 0), "open_tree", subject: "detached mount")))
    }

    package func add(_ attributes: MountAttributes) throws(KernelError) {
        try check(clinux_mount_attributes(fd.raw, attributes.rawValue, -1), "mount_setattr")
    }

    /// - Parameters:
    ///   - propagation: MS_SHARED and its like; nil leaves it. - users: the user namespace whose map it is shown through. - recursive: with all that is mounted below.
    package func change(
        adding: MountAttributes = [], removing: MountAttributes = [], propagation: UInt64? = nil,
        idsOf users: SharedFD? = nil, recursive: Bool = false
    ) throws(KernelError) {
        var change = clinux_mount_change(
            set: adding.rawValue, clear: removing.rawValue, propagation: propagation ?? 0,
            userns: users?.raw ?? -1)
        try check(clinux_mount_change(fd.raw, &change, recursive ? 1 : 0), "mount_setattr")
    }

    /// Shows every id through the map of `userns`. Not undone by anything.
    /// - Parameter what: the mount's name in errors.
    package func mapIDs(
        _ userns: SharedFD, of what: String, adding attributes: MountAttributes = []
    ) throws(KernelError) {
        try check(
            clinux_mount_attributes(fd.raw, attributes.rawValue, userns.raw),
            "mount_setattr(MOUNT_ATTR_IDMAP)", subject: what)
    }

    /// Attaches it in the caller's mount namespace. The value goes on naming the mount.
    package func attach(at path: String) throws(KernelError) {
        try check(clinux_move_mount(fd.raw, File.currentDirectory, path), "move_mount", subject: path)
    }
}
