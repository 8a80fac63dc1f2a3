internal import Core
internal import LinuxSystem
internal import Synchronization

/// A source that somebody sends as a tar archive: unpacked as it comes into a directory of its own, which is removed
/// when the upload is let go. The archive's first entry is the request (`request.json`), the rest is the source.
package final class ArchiveUpload: Sendable {
    /// Name of the entry that is the request.
    package static let requestName = "request.json"

    /// Where the source lies, once it is complete.
    package let path: String
    private let worker: WorkerThread
    private let work: UploadWork

    init(place: UploadPlace, worker: WorkerThread) {
        path = place.path
        self.worker = worker
        work = UploadWork(place)
    }

    /// The next piece. Returns when it is on its way to the disk.
    /// - Throws: `InvalidInput` for what is wrong with the archive, or what the disk refused.
    package func write(_ piece: [UInt8]) async throws {
        try await worker.run { [work] in try work.feed(piece) }
    }

    /// - Returns: the request's bytes.
    package func finish() async throws -> [UInt8] { try await worker.run { [work] in try work.finish() } }

    /// Removes what was unpacked.
    package func remove() async {
        // What cannot be removed now goes at the next start.
        try? await worker.run { [work] in work.remove() }
    }
}

/// Where an upload is unpacked.
struct UploadPlace: Sendable {
    let parent: Directory
    let name: FileName
    let path: String
    let owners: OwnerPolicy
}

/// What the images' thread does for one upload.
private final class UploadWork: Sendable {
    private let place: UploadPlace
    private let state = Mutex<TarUnpack?>(nil)

    init(_ place: UploadPlace) { self.place = place }

    func feed(_ piece: [UInt8]) throws {
        try state.withLock { unpack in
            if unpack == nil {
                try place.parent.makeDirectory(place.name)
                unpack = TarUnpack(into: try place.parent.directory(place.name), owners: place.owners)
            }
            try unpack?.feed(piece)
        }
    }

    func finish() throws -> [UInt8] {
        try state.withLock { unpack in
            guard let unpack else { throw InvalidInput("archive", "is empty") }
            return try unpack.finish()
        }
    }

    func remove() {
        state.withLock { $0 = nil }
        try? place.parent.removeTree(place.name)
    }
}
