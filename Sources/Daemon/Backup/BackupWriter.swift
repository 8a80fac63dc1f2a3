internal import ControlAPI
internal import Core
internal import Crypto
internal import LinuxSystem
internal import Orchestrator
internal import Sandbox
internal import Store
internal import Synchronization

/// Makes a backup while the daemon serves: a snapshot of the database, and tar(1) over what it refers to.
final class BackupWriter: BackupStream {
    private struct State {
        var sum = SHA256()
        var bytes: Int64 = 0
        var isOver = false
    }

    private let staging: StagingDirectory
    private let worker: WorkerThread
    private let tool: ToolProcess
    private let release: @Sendable () async -> Void
    private let state = Mutex(State())
    private let isClosed = Atomic<Bool>(false)

    /// - Parameter release: called once, at the end.
    /// - Throws: what the disk or the database refused; nothing is left then.
    static func begin(
        _ configuration: Configuration, _ orchestrator: Orchestrator, _ store: SQLiteStore,
        release: @escaping @Sendable () async -> Void
    ) async throws -> BackupWriter {
        let worker = try WorkerThread(name: "backup", limit: 4)
        let place = try await worker.run { try StagingDirectory(configuration.backupStaging) }
        do {
            try await worker.run { try refuseTooDeep(configuration) }
            let hold = try await orchestrator.hold {
                try await store.snapshot(to: "\(place.path)/\(BackupFormat.database)")
            }
            do {
                let tool = try await worker.run { try start(configuration, place, hold) }
                return BackupWriter(place, worker, tool) {
                    await orchestrator.release(hold)
                    await release()
                }
            } catch {
                await orchestrator.release(hold)
                throw error
            }
        } catch {
            // What cannot be removed now goes with the next backup.
            try? await worker.run { try place.remove() }
            throw error
        }
    }

    private init(
        _ staging: StagingDirectory, _ worker: WorkerThread, _ tool: ToolProcess,
        release: @escaping @Sendable () async -> Void
    ) {
        self.staging = staging
        self.worker = worker
        self.tool = tool
        self.release = release
    }

    /// What could not be restored is told now, while it can be mended.
    private static func refuseTooDeep(_ configuration: Configuration) throws {
        guard let volume = try VolumeDirectories(path: configuration.volumeDirectory).tooDeep() else {
            return
        }
        throw ControlError(
            .conflict,
            "volume '\(volume.name)' of namespace '\(volume.namespace)' has directories that could not be restored: "
                + "nested deeper than \(Limits.volumeDepth), or with paths over \(Limits.backupPathBytes) bytes; "
                + "flatten or remove them in \(configuration.volumeDirectory)/\(volume)")
    }

    private static func start(
        _ configuration: Configuration, _ place: StagingDirectory, _ hold: ContentHold
    ) throws -> ToolProcess {
        let state = configuration.stateDirectory
        let head = BackupFormat.Head(
            format: BackupFormat.number, version: TorporVersion.current, createdAt: TimeText.timestamp(),
            functions: hold.functions)
        try RootOnlyFile.write(
            Array(try ControlCoding.encode(head)), to: "\(place.path)/\(BackupFormat.headName)")
        let content = hold.digests.map { "images/rootfs/\($0.description.dropFirst("sha256:".count))" }
        let folders = ["secrets", "volumes"].filter { name in
            (try? FileStatus.of(FileName("\(state)/\(name)"), at: File.currentDirectory)) != nil
        }
        let list = (content.sorted() + folders).map { "\($0)\n" }.joined()
        try RootOnlyFile.write(Array(list.utf8), to: "\(place.path)/list")
        return try ToolProcess(
            [
                "tar", "--create", "--file=-", "--format=posix", "--sort=name", "--numeric-owner",
                "--xattrs", "--xattrs-include=*", "--acls", "--sparse", "--warning=no-file-changed",
                "--warning=no-file-ignored", "--anchored", "--exclude=\(BackupFormat.secretsKey)",
                "--directory=\(place.path)", BackupFormat.headName, BackupFormat.database,
                "--directory=\(state)", "--files-from=\(place.path)/list",
            ], .reading, errorFile: "\(place.path)/errors")
    }

    func next() async throws -> [UInt8]? {
        if state.withLock({ $0.isOver }) { return nil }
        let tool = tool
        let bytes = try await worker.run { try tool.read(limit: 256 << 10) }
        if !bytes.isEmpty {
            state.withLock { state in
                state.sum.update(data: bytes)
                state.bytes += Int64(bytes.count)
            }
            return bytes
        }
        let status = try await worker.run { tool.finish() }
        // 1: a file changed while it was read, as those of volumes may.
        guard status <= 1 else {
            throw ControlError(.internal, "tar ended with status \(status): \(tool.complaint)")
        }
        return state.withLock { state in
            state.isOver = true
            return BackupFormat.end(state.sum.finalize(), bytes: state.bytes)
        }
    }

    func close() async {
        guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        let (tool, staging) = (tool, staging)
        // What cannot be removed now goes with the next backup.
        try? await worker.run {
            tool.kill()
            try staging.remove()
        }
        await release()
    }
}
