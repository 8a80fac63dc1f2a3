package import Core
internal import Glibc
package import LinuxSystem

/// The named volumes of a host: `volumes/NAMESPACE/NAME/` each, whose files have the owners that the function sees.
///
/// `volumes/` is of mode 0700: a function's root can make set-uid files of the host's root there, which nobody else may
/// reach. Calls block; each opens its way anew, in the mount namespace of the thread that makes it.
package struct VolumeDirectories: Sendable {
    package let path: String
    /// Where what is being removed stands until it is gone.
    private static let removed = FileName(".removed")

    package init(path: String) { self.path = path }

    /// Makes the directory of all volumes where it is missing, and ends removals that an earlier daemon began.
    package func prepare() throws(KernelError) {
        try FileTree.makeDirectories(path, mode: 0o700)
        let all = try Directory(path: path)
        try all.setMode(0o700)
        try emptyRemoved(all)
    }

    /// Opens a volume; one that is not there yet is made, and belongs to `user` and `group`, ids of the container.
    func open(_ volume: ResourceKey, user: UInt32, group: UInt32) throws(KernelError) -> Directory {
        let name = FileName(volume.name.description)
        let namespace = try Self.made(FileName(volume.namespace.description), in: Directory(path: path))
        do { return try namespace.directory(name) } catch {
            guard error.isMissing else { throw error }
        }
        // Given its owner before it has its name: whoever finds it finds it complete.
        let staged = FileName(".new-" + volume.name.description)
        try namespace.removeTree(staged)
        try namespace.makeDirectory(staged, mode: 0o755)
        try namespace.setOwner(staged, user: user, group: group)
        do { try namespace.rename(staged, to: namespace, as: name) } catch {
            guard error.isThere else { throw error }
        }
        try namespace.synchronise()
        return try namespace.directory(name)
    }

    private static func made(_ name: FileName, in parent: Directory) throws(KernelError) -> Directory {
        do { try parent.makeDirectory(name) } catch {
            guard error.isThere else { throw error }
        }
        return try parent.directory(name)
    }

    /// Every volume there is, sorted.
    package func list() throws(KernelError) -> [ResourceKey] {
        var found: [ResourceKey] = []
        let all = try Directory(path: path)
        for entry in try all.names(limit: Limits.volumes) {
            guard let namespace = try? NamespaceName(entry.description) else { continue }
            for name in try all.directory(entry).names(limit: Limits.volumes) {
                if let name = try? ResourceName(name.description) {
                    found.append(ResourceKey(name: name, namespace: namespace))
                }
            }
        }
        return found.sorted()
    }

    /// Where a volume's files are on the host.
    package func path(of volume: ResourceKey) -> String { "\(path)/\(volume)" }

    /// Removes a volume with everything in it.
    /// - Returns: false when there is none.
    package func remove(_ volume: ResourceKey) throws(KernelError) -> Bool {
        let all = try Directory(path: path)
        let trash = try Self.made(Self.removed, in: all)
        do {
            let namespace = try all.directory(FileName(volume.namespace.description))
            var trash = Trash(trash)
            try trash.take(FileName(volume.name.description), of: namespace)
            try namespace.synchronise()
        } catch {
            if error.isMissing { return false }
            throw error
        }
        try emptyRemoved(all)
        return true
    }

    /// Functions may nest directories deeper than there are descriptors; what lies deep is first brought up.
    private func emptyRemoved(_ all: Directory) throws(KernelError) {
        let directory: Directory
        do { directory = try all.directory(Self.removed) } catch {
            if error.isMissing { return }
            throw error
        }
        var trash = Trash(directory)
        while let next = try trash.first() {
            try trash.flatten(next, of: directory, depth: 0)
            try directory.removeTree(next)
        }
    }
}

/// The directory of what is being removed: each thing by a number of its own.
private struct Trash {
    private static let depth = 64

    private let directory: Directory
    private var next = 0

    init(_ directory: Directory) { self.directory = directory }

    func first() throws(KernelError) -> FileName? {
        var first: FileName?
        try directory.eachName { name in
            first = name
            return false
        }
        return first
    }

    mutating func take(_ name: FileName, of parent: Directory) throws(KernelError) {
        while true {
            defer { next += 1 }
            do { return try parent.rename(name, to: directory, as: FileName("\(next)")) } catch {
                // What an earlier removal has left has the number.
                guard error.isThere else { throw error }
            }
        }
    }

    mutating func flatten(_ name: FileName, of parent: Directory, depth: Int) throws(KernelError) {
        let status = try parent.status(name)
        guard status.kind == .directory else { return }
        if depth >= Self.depth { return try take(name, of: parent) }
        if status.mode & 0o700 != 0o700 { try parent.setMode(0o700, of: name) }
        let child = try parent.directory(name)
        try child.eachName { entry throws(KernelError) in
            try flatten(entry, of: child, depth: depth + 1)
            return true
        }
    }
}
