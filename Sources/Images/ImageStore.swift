package import Core
internal import LinuxSystem
internal import OCI

/// The content that revisions own, by digest: `images/rootfs/<64 hexadecimal digits>/` is one root filesystem each.
///
/// Content appears there by one rename of a tree that is complete and durable, and leaves by one rename before its files
/// are removed. So whatever stands there is whole; a crash leaves something in `images/staging/` alone, which is emptied
/// at start. Both directories are of mode 0700: nobody but the daemon reaches set-uid files in them.
package final class ImageStore: ImagePort {
    private let worker: WorkerThread
    private let shelf: ContentShelf

    /// - Parameters:
    ///   - stateDirectory: exists, is the daemon's, and is locked by it.
    ///   - owners: what the daemon can do with owners of files.
    /// - Throws: `ImageStoreFailure`, `KernelError` when there are no threads.
    package init(stateDirectory: String, owners: OwnerPolicy = .ofThisProcess()) throws {
        shelf = try ContentShelf(path: stateDirectory + "/images", owners: owners)
        worker = try WorkerThread(name: "images", limit: Limits.waitingImports)
    }

    package func importContent(_ source: RevisionSource, spec: FunctionSpec) async throws -> ImportedContent {
        let shelf = shelf
        return try await worker.run {
            let opened = try BundleReader.open(source, spec: spec)
            let config = try opened.config.serialised()
            let digest = try shelf.store(opened.rootfs, path: opened.rootfsPath)
            return ImportedContent(rootfs: digest, ociConfig: config)
        }
    }

    package func collectGarbage(keeping digests: Set<ContentDigest>) async {
        let shelf = shelf
        // A full queue or a broken file system leaves garbage for the next time.
        try? await worker.run { try shelf.removeAll(except: digests) }
    }

    /// For a source that comes as an archive.
    package func upload() -> ArchiveUpload { ArchiveUpload(place: shelf.uploadPlace(), worker: worker) }

    package func garbage(keeping digests: Set<ContentDigest>) async -> Reclaimed {
        let shelf = shelf
        return (try? await worker.run { try shelf.measureAll(except: digests) }) ?? Reclaimed()
    }

    /// Where the root filesystem lies; it must not be written to.
    package func rootfsPath(_ digest: ContentDigest) -> String { shelf.path(of: digest) }

    /// The same, relative to the directory of all content.
    package static func relativePath(of digest: ContentDigest) -> String {
        "rootfs/\(ContentShelf.name(of: digest))"
    }

    /// Ends the thread once what waits is done. Blocks.
    package func stop() { worker.stop() }
}
