internal import Core
internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// The two directories of the store, and what is done in them by its one thread.
final class ContentShelf: Sendable {
    private let path: String
    private let owners: OwnerPolicy
    private let rootfs: Directory
    private let staging: Directory

    private let lastStaging = Mutex(0)

    init(path: String, owners: OwnerPolicy) throws(ImageStoreFailure) {
        self.path = path
        self.owners = owners
        do {
            let images = try Self.directory(path, mode: 0o700)
            rootfs = try Self.directory(path + "/rootfs", mode: 0o700)
            staging = try Self.directory(path + "/staging", mode: 0o700)
            for left in try staging.names(limit: .max) { try staging.removeTree(left) }
            try images.synchronise()
        } catch {
            throw ImageStoreFailure(path: path, reason: error)
        }
    }

    private static func directory(_ path: String, mode: UInt32) throws(KernelError) -> Directory {
        do {
            try FileTree.makeDirectory(path, mode: mode)
        } catch  where error.code == EEXIST {
            // From an earlier run.
        }
        let directory = try Directory(path: path)
        try directory.setMode(mode)
        return directory
    }

    func path(of digest: ContentDigest) -> String { "\(path)/rootfs/\(Self.name(of: digest))" }

    static func name(of digest: ContentDigest) -> FileName {
        FileName(String(digest.description.dropFirst("sha256:".count)))
    }

    // MARK: storing

    /// Takes a tree over, unless the same one is there already.
    /// - Returns: when it is durable.
    func store(_ source: Directory, path sourcePath: String) throws -> ContentDigest {
        if try isAnythingStored() {
            // A function is often deployed again with the same files: reading them is cheaper than copying.
            let digest = try sum(source, sourcePath)
            if try isStored(digest) { return digest }
        }
        return try copy(source, sourcePath)
    }

    private func sum(_ source: Directory, _ sourcePath: String) throws -> ContentDigest {
        var walk = TreeImport(
            source: source, sourcePath: sourcePath, destination: nil, destinationPath: "", owners: owners)
        return try walk.run()
    }

    private func copy(_ source: Directory, _ sourcePath: String) throws -> ContentDigest {
        let temporary = nextStaging()
        do {
            return try copy(source, sourcePath, by: temporary)
        } catch {
            // What cannot be removed now goes at the next start.
            try? staging.removeTree(temporary)
            throw error
        }
    }

    private func copy(_ source: Directory, _ sourcePath: String, by temporary: FileName) throws
        -> ContentDigest
    {
        let place = "\(path)/staging/\(temporary)"
        let copy = try storing(place) { () throws(KernelError) in
            try staging.makeDirectory(temporary)
            return try staging.directory(temporary)
        }
        var walk = TreeImport(
            source: source, sourcePath: sourcePath, destination: copy, destinationPath: place, owners: owners)
        let digest = try walk.run()
        try storing(path(of: digest)) { () throws(KernelError) in
            // Everything of the tree before its name, the name before anybody is told.
            try copy.synchroniseFileSystem()
            try putOnShelf(temporary, as: Self.name(of: digest))
            try rootfs.synchronise()
            try staging.synchronise()
        }
        return digest
    }

    private func putOnShelf(_ temporary: FileName, as name: FileName) throws(KernelError) {
        do {
            try staging.rename(temporary, to: rootfs, as: name)
        } catch  where error.code == EEXIST {
            // The same content is there already.
            try staging.removeTree(temporary)
        }
    }

    private func nextStaging() -> FileName {
        FileName(
            lastStaging.withLock { last in
                last += 1
                return "\(last)"
            })
    }

    private func isAnythingStored() throws -> Bool {
        try storing(path) { () throws(KernelError) in try !rootfs.names(limit: .max).isEmpty }
    }

    private func isStored(_ digest: ContentDigest) throws -> Bool {
        do {
            return try rootfs.status(Self.name(of: digest)).kind == .directory
        } catch  where error.code == ENOENT {
            return false
        } catch {
            throw ImageStoreFailure(path: path(of: digest), reason: error)
        }
    }

    private func storing<T: ~Copyable>(_ path: String, _ work: () throws(KernelError) -> T) throws -> T {
        do {
            return try work()
        } catch {
            throw ImageStoreFailure(path: path, reason: error)
        }
    }

    /// A place for what somebody sends; emptied at the next start, if not before.
    func uploadPlace() -> UploadPlace {
        let name = nextStaging()
        return UploadPlace(parent: staging, name: name, path: "\(path)/staging/\(name)", owners: owners)
    }

    // MARK: removing

    func measureAll(except digests: Set<ContentDigest>) throws(KernelError) -> Reclaimed {
        let kept = Set(digests.map { Self.name(of: $0) })
        var found = Reclaimed()
        for name in try rootfs.names(limit: .max) where !kept.contains(name) {
            found.count += 1
            found.bytes += try Self.bytes(of: rootfs.directory(name), depth: 0)
        }
        return found
    }

    /// Of all files below; what has several names counts for each.
    private static func bytes(of directory: Directory, depth: Int) throws(KernelError) -> Int64 {
        var sum: Int64 = 0
        for name in try directory.names(limit: .max) {
            let status = try directory.status(name)
            sum += status.kind == .regular ? status.size : 0
            if status.kind == .directory, depth <= Limits.rootfsDepth {
                sum += try bytes(of: directory.directory(name), depth: depth + 1)
            }
        }
        return sum
    }

    func removeAll(except digests: Set<ContentDigest>) throws(KernelError) {
        let kept = Set(digests.map { Self.name(of: $0) })
        for name in try rootfs.names(limit: .max) where !kept.contains(name) {
            let trash = nextStaging()
            try rootfs.rename(name, to: staging, as: trash)
            try rootfs.synchronise()
            try staging.removeTree(trash)
        }
    }
}
