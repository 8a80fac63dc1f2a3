package import Core
package import LinuxSystem

/// What a volume's files take on the disk.
package struct VolumeSize: Sendable, Hashable {
    package var bytes: Int64 = 0
    /// Whether there is more than that: counting was given up before its end.
    package var isMore = false
}

extension VolumeDirectories {
    /// How much each of these takes, counted until there are too many files or it takes too long. Blocks.
    /// - Parameter isLate: whether there is no more time, for all of them together.
    package func sizes(of volumes: [ResourceKey], isLate: () -> Bool) -> [VolumeSize] {
        var left = Limits.measuredFiles
        return volumes.map { volume in
            var count = VolumeCount(left: left)
            if let all = try? Directory(path: path),
                let namespace = try? all.directory(FileName(volume.namespace.description))
            {
                count.add(FileName(volume.name.description), of: namespace, depth: 0, isLate)
            }
            left = count.left
            return count.size
        }
    }

    /// A volume with directories that a backup could not bring back: nested too deep, or with too long a path. Blocks.
    package func tooDeep() throws(KernelError) -> ResourceKey? {
        let all = try Directory(path: path)
        for volume in try list() {
            let namespace = try all.directory(FileName(volume.namespace.description))
            let name = FileName(volume.name.description)
            if Self.isTooDeep(name, of: namespace, depth: 0, bytes: "volumes/\(volume)".utf8.count) {
                return volume
            }
        }
        return nil
    }

    /// What is gone meanwhile, or cannot be read, is tar's to tell.
    private static func isTooDeep(
        _ name: FileName, of parent: Directory, depth: Int, bytes: Int
    ) -> Bool {
        guard (try? parent.status(name))?.kind == .directory else { return bytes > Limits.backupPathBytes }
        if depth > Limits.volumeDepth || bytes > Limits.backupPathBytes { return true }
        guard let directory = try? parent.directory(name) else { return false }
        var isTooDeep = false
        try? directory.eachName { entry in
            isTooDeep = Self.isTooDeep(
                entry, of: directory, depth: depth + 1, bytes: bytes + 1 + entry.bytes.count)
            return !isTooDeep
        }
        return isTooDeep
    }
}

/// Counts one volume.
private struct VolumeCount {
    var left: Int
    var size = VolumeSize()
    /// Files with several names, which take their room once.
    private var linked: Set<FileStatus.Identity> = []
    private static let depth = 100

    init(left: Int) { self.left = left }

    mutating func add(_ name: FileName, of parent: Directory, depth: Int, _ isLate: () -> Bool) {
        guard left > 0, depth <= Self.depth, !isLate() else {
            size.isMore = true
            return
        }
        left -= 1
        // What is gone meanwhile takes nothing.
        guard let status = try? parent.status(name) else { return }
        if status.kind != .directory, status.links > 1, !linked.insert(status.identity).inserted { return }
        size.bytes += status.allocated
        guard status.kind == .directory else { return }
        do throws(KernelError) {
            let directory = try parent.directory(name)
            try directory.eachName { entry in
                add(entry, of: directory, depth: depth + 1, isLate)
                return !size.isMore
            }
        } catch {
            size.isMore = true
        }
    }
}
