package import Core

/// What the option strings of a mount mean: flags of mount(2), a propagation, and data for the filesystem.
package struct MountOptions: Sendable, Hashable {
    /// Flags of mount(2) and of a mount_setattr(2) that follows; the values are the kernel's MS_*.
    package struct Flags: OptionSet, Sendable, Hashable {
        package let rawValue: UInt64
        package init(rawValue: UInt64) { self.rawValue = rawValue }
        package static let readOnly = Flags(rawValue: 1)
        package static let noSetuid = Flags(rawValue: 1 << 1)
        package static let noDevices = Flags(rawValue: 1 << 2)
        package static let noExecute = Flags(rawValue: 1 << 3)
        package static let synchronous = Flags(rawValue: 1 << 4)
        package static let synchronousDirectories = Flags(rawValue: 1 << 7)
        package static let noSymlinks = Flags(rawValue: 1 << 8)
        package static let noAccessTime = Flags(rawValue: 1 << 10)
        package static let noDirectoryAccessTime = Flags(rawValue: 1 << 11)
        package static let bind = Flags(rawValue: 1 << 12)
        package static let recursive = Flags(rawValue: 1 << 14)
        package static let relativeAccessTime = Flags(rawValue: 1 << 21)
        package static let strictAccessTime = Flags(rawValue: 1 << 24)
        package static let lazyTime = Flags(rawValue: 1 << 25)
    }

    /// How mounts below travel to other mount namespaces; the raw values are the kernel's MS_*.
    package enum Propagation: UInt64, Sendable {
        case unbindable = 0x2_0000
        case `private` = 0x4_0000
        case slave = 0x8_0000
        case shared = 0x10_0000
    }

    /// Attributes of a mount and all below it (`rro`), to set and to take away; MOUNT_ATTR_*.
    package struct Recursive: Sendable, Hashable {
        package var set: UInt64 = 0
        package var cleared: UInt64 = 0
    }

    /// Through which map of ids a bind is shown.
    package enum IDMapping: Sendable { case mount, tree }

    package var flags: Flags = []
    /// Flags that an option took away (`rw`), though the mount that is copied may have them.
    package private(set) var removed: Flags = []
    package private(set) var recursive = Recursive()
    /// What is below a new tmpfs is copied into it.
    package private(set) var copiesUp = false
    package private(set) var idMapping: IDMapping?
    package var propagation: Propagation?
    /// Whether the propagation holds for the whole tree (`rprivate`).
    package var recursivePropagation = false
    /// Options for the filesystem itself, in their order: `size=65536k`, `newinstance`.
    package var data: [String] = []

    /// The same flags as mount_setattr(2) and fsmount(2) take them (MOUNT_ATTR_*).
    package var attributes: UInt64 { Self.attributes(flags) }

    /// Those that a copied mount may have, and this one is not to.
    package var clearedAttributes: UInt64 { Self.attributes(removed) & ~attributes }

    /// Of a new file system, which has nothing below it.
    package var attributesOfNew: UInt64 { attributes & ~recursive.cleared | recursive.set }

    private static func attributes(_ flags: Flags) -> UInt64 {
        var bits: UInt64 = 0
        if flags.contains(.readOnly) { bits |= 0x1 }
        if flags.contains(.noSetuid) { bits |= 0x2 }
        if flags.contains(.noDevices) { bits |= 0x4 }
        if flags.contains(.noExecute) { bits |= 0x8 }
        if flags.contains(.noAccessTime) { bits |= 0x10 }
        if flags.contains(.strictAccessTime) { bits |= 0x20 }
        if flags.contains(.noDirectoryAccessTime) { bits |= 0x80 }
        if flags.contains(.noSymlinks) { bits |= 0x20_0000 }
        return bits
    }

    /// Reads options in their order: a later one undoes an earlier (`ro`, then `rw`).
    /// - Parameters:
    ///   - path: where the options stand, for the error.
    ///   - passesUnknown: whether an option that is not known is the file system's own, whatever that is.
    /// - Throws: `InvalidInput` for an option that neither mount(8) nor the filesystem `type` has.
    package init(
        _ options: [String], type: String, path: String, passesUnknown: Bool = false
    ) throws(InvalidInput) {
        for (index, option) in options.enumerated() {
            if option == "defaults" || option == "remount" && type == "bind" { continue }
            if let change = Self.changes[option] {
                flags.subtract(change.removes)
                flags.formUnion(change.adds)
                removed.formUnion(change.removes)
                removed.subtract(change.adds)
            } else if option.hasPrefix("r"), let change = Self.changes[String(option.dropFirst())],
                Self.recursives.contains(option)
            {
                let adds = Self.attributes(change.adds)
                let takes = Self.attributes(change.removes)
                recursive.set = recursive.set & ~takes | adds
                recursive.cleared = recursive.cleared & ~adds | takes
            } else if option == "tmpcopyup" && type == "tmpfs" {
                copiesUp = true
            } else if option == "idmap" || option == "ridmap" {
                idMapping = option == "idmap" ? .mount : .tree
            } else if let (value, recursive) = Self.propagations[option] {
                propagation = value
                recursivePropagation = recursive
            } else if Self.isData(option, of: type) || passesUnknown && type != "bind" {
                data.append(option)
            } else {
                throw InvalidInput(
                    "\(path)[\(index)]", "'\(option.prefix(60))' is not honoured for a mount of type \(type)",
                    allowed: Self.allowed(for: type))
            }
        }
    }

    private struct Change {
        var adds: Flags = []
        var removes: Flags = []
    }

    private static let accessTimes: Flags = [.noAccessTime, .relativeAccessTime, .strictAccessTime]

    private static let changes: [String: Change] = [
        "ro": Change(adds: .readOnly), "rw": Change(removes: .readOnly),
        "nosuid": Change(adds: .noSetuid), "suid": Change(removes: .noSetuid),
        "nodev": Change(adds: .noDevices), "dev": Change(removes: .noDevices),
        "noexec": Change(adds: .noExecute), "exec": Change(removes: .noExecute),
        "sync": Change(adds: .synchronous), "async": Change(removes: .synchronous),
        "dirsync": Change(adds: .synchronousDirectories),
        "nosymfollow": Change(adds: .noSymlinks), "symfollow": Change(removes: .noSymlinks),
        "noatime": Change(adds: .noAccessTime, removes: accessTimes), "atime": Change(removes: .noAccessTime),
        "nodiratime": Change(adds: .noDirectoryAccessTime),
        "diratime": Change(removes: .noDirectoryAccessTime),
        "relatime": Change(adds: .relativeAccessTime, removes: accessTimes),
        "norelatime": Change(removes: .relativeAccessTime),
        "strictatime": Change(adds: .strictAccessTime, removes: accessTimes),
        "nostrictatime": Change(removes: .strictAccessTime),
        "lazytime": Change(adds: .lazyTime), "nolazytime": Change(removes: .lazyTime),
        "bind": Change(adds: .bind), "rbind": Change(adds: [.bind, .recursive]),
    ]

    /// Of config.md, "Linux mount options": each is the option without its `r`, for all that is mounted below, too.
    private static let recursives: Set<String> = [
        "rro", "rrw", "rnosuid", "rsuid", "rnodev", "rdev", "rnoexec", "rexec", "rnosymfollow", "rsymfollow",
        "rnoatime", "ratime", "rnodiratime", "rdiratime", "rrelatime", "rnorelatime", "rstrictatime",
        "rnostrictatime",
    ]

    private static let propagations: [String: (Propagation, Bool)] = [
        "private": (.private, false), "rprivate": (.private, true),
        "slave": (.slave, false), "rslave": (.slave, true),
        "shared": (.shared, false), "rshared": (.shared, true),
        "unbindable": (.unbindable, false), "runbindable": (.unbindable, true),
    ]

    /// Keys that take a value, and words that stand alone (nil), per filesystem.
    private static let dataKeys: [String: [String]] = [
        "tmpfs": ["size", "mode", "uid", "gid", "nr_inodes", "nr_blocks"],
        "devpts": ["mode", "ptmxmode", "uid", "gid", "max"],
        "proc": ["hidepid", "subset"],
    ]
    private static let dataWords: [String: [String]] = ["devpts": ["newinstance"]]

    /// Every word that any mount may have, in the order of their bytes.
    package static var names: [String] {
        (["defaults", "idmap", "ridmap", "tmpcopyup"] + changes.keys + recursives + propagations.keys)
            .sorted()
    }

    /// `shared` and its like.
    package static func propagation(_ name: String) -> Propagation? { propagations[name]?.0 }

    /// With whether it holds for the whole tree. Those that are private already need nothing.
    package static func parsed(propagation name: String) -> (Propagation, isRecursive: Bool)? {
        guard let value = propagations[name], value.0 == .shared || value.0 == .unbindable else { return nil }
        return (value.0, value.1)
    }

    private static func isData(_ option: String, of type: String) -> Bool {
        if dataWords[type]?.contains(option) == true { return true }
        let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, dataKeys[type]?.contains(String(parts[0])) == true else { return false }
        let value = parts[1].utf8
        return (1...32).contains(value.count) && value.allSatisfy(isPlain)
    }

    /// Letters, digits and `%`: nothing that would begin another option.
    private static func isPlain(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            || byte == UInt8(ascii: "%")
    }

    private static func allowed(for type: String) -> String {
        let own = (dataKeys[type] ?? []).map { "\($0)=…" } + (dataWords[type] ?? [])
        let general = "ro, nosuid, nodev, noexec, relatime and the like of mount(8)"
        return own.isEmpty ? general : general + ", and " + own.joined(separator: ", ")
    }
}
