internal import ControlAPI
internal import Core
internal import Crypto
internal import FoundationEssentials
internal import LinuxSystem
internal import Store
internal import Synchronization

/// Takes a backup, unpacks it aside, and holds it against its own checksum and what its database says. Only then is it
/// marked to be put in place, which the daemon does at its next start (`RestoredState`).
final class RestoreReader: RestoreSink {
    private struct State {
        var sum = SHA256()
        var bytes: Int64 = 0
        /// The last block so far: perhaps the one behind the archive.
        var tail: [UInt8] = []
        var isFirst = true
    }

    private let configuration: Configuration
    private let staging: StagingDirectory
    private let worker: WorkerThread
    private let tool: ToolProcess
    private let state = Mutex(State())
    private let isOver = Atomic<Bool>(false)
    private let restart: @Sendable () -> Void
    private let release: @Sendable () -> Void

    /// - Parameters:
    ///   - restart: starts the daemon anew. - release: called once, at the end.
    init(
        _ configuration: Configuration, restart: @escaping @Sendable () -> Void,
        release: @escaping @Sendable () -> Void
    ) async throws {
        self.configuration = configuration
        self.restart = restart
        self.release = release
        worker = try WorkerThread(name: "restore", limit: 4)
        (staging, tool) = try await worker.run {
            let staging = try StagingDirectory(configuration.restoreStaging)
            try FileTree.makeDirectory("\(staging.path)/content", mode: 0o700)
            let tool = try ToolProcess(
                [
                    "tar", "--extract", "--file=-", "--numeric-owner", "--same-owner", "--same-permissions",
                    "--xattrs", "--xattrs-include=*", "--acls", "--directory=\(staging.path)/content",
                ], .writing, errorFile: "\(staging.path)/errors")
            return (staging, tool)
        }
    }

    func write(_ bytes: [UInt8]) async throws(ControlError) {
        let (ready, isFirst) = state.withLock { state in
            let all = state.tail + bytes
            let ready = all.dropLast(BackupFormat.blockBytes)
            state.tail = Array(all.suffix(BackupFormat.blockBytes))
            state.sum.update(data: Array(ready))
            state.bytes += Int64(ready.count)
            let isFirst = state.isFirst && !ready.isEmpty
            if isFirst { state.isFirst = false }
            return (ready, isFirst)
        }
        if isFirst, !Self.isBackup(ready) { throw Self.refusal("it is no backup of Torpor's") }
        do {
            let tool = tool
            try await worker.run { try tool.write(ready) }
        } catch {
            throw await failure(error)
        }
    }

    /// The archive's first name is in its first block, or in that of its extended header.
    private static func isBackup(_ bytes: ArraySlice<UInt8>) -> Bool {
        let name = bytes.prefix(100).prefix { $0 != 0 }
        return String(decoding: name, as: UTF8.self).hasSuffix(BackupFormat.headName)
    }

    func finish() async throws(ControlError) -> RestoreReport {
        let (problem, isEmpty) = state.withLock { state in
            (BackupFormat.problem(state.tail, state.sum.finalize(), bytes: state.bytes), state.isFirst)
        }
        if isEmpty { throw Self.refusal("it is no backup of Torpor's") }
        if let problem { throw Self.refusal(problem) }
        let report: RestoreReport
        do {
            let tool = tool
            let status = try await worker.run { tool.finish() }
            guard status == 0 else { throw Self.refusal("it cannot be unpacked: \(tool.complaint)") }
            report = try await check()
            let configuration = configuration
            try await worker.run { try RestoredState.mark(configuration) }
        } catch {
            throw await failure(error)
        }
        isOver.store(true, ordering: .releasing)
        release()
        restart()
        return report
    }

    func abandon() async {
        guard !isOver.exchange(true, ordering: .acquiringAndReleasing) else { return }
        let (tool, staging) = (tool, staging)
        // What cannot be removed now goes with the next one.
        try? await worker.run {
            tool.kill()
            try staging.remove()
        }
        release()
    }

    /// Holds what was unpacked against what it says of itself.
    private func check() async throws -> RestoreReport {
        let content = "\(staging.path)/content"
        let json = try await worker.run { try File.read("\(content)/\(BackupFormat.headName)") }
        let head = try ControlCoding.decode(BackupFormat.Head.self, from: Data(json))
        guard head.format <= BackupFormat.number else {
            throw Self.refusal(
                "Torpor \(head.version) made it, in a newer form than this one reads: install that version first"
            )
        }
        // Brings an older schema up to date, and refuses a newer one.
        let store = try await worker.run {
            try SQLiteStore(path: "\(content)/\(BackupFormat.database)") { _ in }
        }
        let functions = try await store.load()
        for revision in functions.flatMap(\.revisions) {
            let name = revision.rootfs.description.dropFirst("sha256:".count)
            let path = "\(content)/images/rootfs/\(name)"
            guard (try? FileStatus.of(FileName(path), at: File.currentDirectory)) != nil else {
                throw Self.refusal("the files of \(revision.id) are not in it")
            }
        }
        return RestoreReport(
            functions: functions.count, createdAt: head.createdAt, version: head.version,
            previous: configuration.previousState)
    }

    private func failure(_ error: any Error) async -> ControlError {
        if let error = error as? ControlError { return error }
        let tool = tool
        // Only a tool that has ended, or reads no more, has something to say.
        if (error as? KernelError)?.call == "write" { _ = try? await worker.run { tool.finish() } }
        let complaint = tool.complaint
        return Self.refusal(complaint.isEmpty ? "\(error)" : "it cannot be unpacked: \(complaint)")
    }

    private static func refusal(_ reason: String) -> ControlError {
        ControlError(.invalid, "the backup is not restored, and nothing has changed: \(reason)")
    }
}
