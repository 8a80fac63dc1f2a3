internal import Core
internal import Logging

/// Writes to the store in the order of what happened, off every critical path.
final class Journal: Sendable {
    enum Entry: Sendable {
        case save(FunctionRecord)
        case note(InstanceRecord, FunctionKey)
        case removeRevisions([RevisionID])
        /// Runs when everything before it is durable, or has failed and was logged.
        case then(@Sendable () -> Void)
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

    func write(_ entry: Entry) { queue.yield(entry) }
    func finish() { queue.finish() }

    func run() async {
        for await entry in entries {
            do {
                switch entry {
                case .save(let record): try await store.update(record)
                case .note(let record, let key): await store.note(record, of: key)
                case .removeRevisions(let revisions): try await store.removeRevisions(revisions)
                case .then(let action): action()
                }
            } catch {
                logger.error("the store could not be written", metadata: ["error": "\(error)"])
            }
        }
    }
}
