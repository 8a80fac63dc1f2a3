internal import Core
internal import Logging

/// Writes to the store in the order of what happened, off every critical path.
final class Journal: Sendable {
    enum Entry: Sendable {
        case save(FunctionRecord)
        case note(InstanceRecord, FunctionKey)
        case removeRevisions([RevisionID])
        /// Runs when everything before it is durable; otherwise with what the store refused since the one before.
        case then(@Sendable ((any Error)?) -> Void)
    }

    let store: any StorePort
    private let logger: Logger
    private let entries: AsyncStream<Entry>
    private let queue: AsyncStream<Entry>.Continuation

    init(store: any StorePort, logger: Logger) {
        self.store = store
        self.logger = logger
        (entries, queue) = AsyncStream.makeStream()
    }

    func write(_ entry: Entry) {
        if case .terminated = queue.yield(entry), case .then(let action) = entry { action(JournalClosed()) }
    }

    func finish() { queue.finish() }

    /// Returns when everything so far is durable, or with what the store refused of it.
    func flush() async -> (any Error)? {
        await withCheckedContinuation { continuation in
            write(.then { continuation.resume(returning: $0) })
        }
    }

    func run() async {
        var refused: (any Error)?
        for await entry in entries {
            do {
                switch entry {
                case .save(let record): try await store.update(record)
                case .note(let record, let key): await store.note(record, of: key)
                case .removeRevisions(let revisions): try await store.removeRevisions(revisions)
                case .then(let action):
                    action(refused)
                    refused = nil
                }
            } catch {
                refused = error
                logger.error("the store could not be written", metadata: ["error": "\(error)"])
            }
        }
    }
}

/// The daemon stops: nothing is written any more.
struct JournalClosed: Error, CustomStringConvertible {
    var description: String { "the daemon is stopping" }
}
