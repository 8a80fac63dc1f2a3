internal import CLinux
internal import Core
internal import Glibc
internal import LinuxSystem
internal import Sandbox

/// A copy of a mount of the host's, as the container gets it.
final class OpenedSource: Sendable {
    let mount: DetachedMount

    /// - Parameters:
    ///   - process: of the container. - rootfs: of the container, on the host.
    init(_ source: MountSource, process: Int32, rootfs: String) throws {
        if let options = source.copiesUp {
            mount = try Self.filled(source, options, rootfs)
            return
        }
        do {
            mount = try DetachedMount(copying: source.path, recursive: source.isRecursive)
            try mount.change(propagation: source.propagation, recursive: source.propagatesRecursively)
            if let ids = source.ids { try Self.show(mount, ids, process) }
            if !source.addingBelow.isEmpty || !source.removingBelow.isEmpty {
                try mount.change(
                    adding: source.addingBelow,
                    removing: source.removingBelow.withWholeFields(source.addingBelow),
                    recursive: true)
            }
            if !source.adding.isEmpty || !source.removing.isEmpty {
                try mount.change(
                    adding: source.adding, removing: source.removing.withWholeFields(source.adding))
            }
        } catch {
            throw InvalidInput(source.place + ".source", "'\(source.path.prefix(200))': \(error)")
        }
    }

    /// A new tmpfs with what is below it.
    private static func filled(
        _ source: MountSource, _ options: [String], _ rootfs: String
    ) throws -> DetachedMount {
        do {
            let context = try FilesystemContext("tmpfs")
            for option in options {
                let parts = option.split(separator: "=", maxSplits: 1)
                if parts.count == 2 {
                    try context.set(String(parts[0]), String(parts[1]))
                } else {
                    try context.set(flag: option)
                }
            }
            let mount = try context.mount(source.adding.subtracting(.readOnly))
            let root = try File.open(rootfs, flags: File.pathOnly | O_DIRECTORY)
            if let below = try? FileTree.openDirectory(source.path, inRoot: root.raw) {
                try TreeCopy.copy(
                    from: Directory(path: "/proc/self/fd/\(below.raw)/."),
                    to: Directory(path: "/proc/self/fd/\(mount.descriptor)/."),
                    keepsOwn: !options.contains { $0.hasPrefix("mode=") })
            }
            try mount.change(
                adding: source.adding.intersection(.readOnly), propagation: source.propagation)
            return mount
        } catch {
            throw InvalidInput(source.place + ".options", "tmpcopyup: \(error)")
        }
    }

    private static func show(
        _ mount: borrowing DetachedMount, _ ids: MountSource.IDs, _ process: Int32
    ) throws {
        let users: SharedFD
        if let userMap = ids.users, let groupMap = ids.groups {
            users = SharedFD(
                OwnedFD(owning: try check(clinux_userns(userMap, groupMap), "clone3(CLONE_NEWUSER)")))
        } else {
            users = SharedFD(try File.open("/proc/\(process)/ns/user", flags: O_RDONLY))
        }
        try mount.change(idsOf: users, recursive: ids.isRecursive)
    }
}

extension MountAttributes {
    /// The ways to note access times are one field of several bits: who sets one of them clears all (mount_setattr(2)).
    fileprivate func withWholeFields(_ adding: MountAttributes) -> MountAttributes {
        let accessTimes = MountAttributes(rawValue: 0x70)
        let touches = !isDisjoint(with: accessTimes) || !adding.isDisjoint(with: accessTimes)
        return touches ? union(accessTimes) : self
    }
}
