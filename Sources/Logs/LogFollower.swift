internal import Synchronization

/// What somebody who follows a log sees.
package enum LogEvent: Sendable, Hashable {
    case entry(LogEntry)
    /// So many entries are missing here: the follower was too slow. They are in the log.
    case skipped(Int)
}

/// One follower: a bounded buffer between the collector's thread, which never waits, and a task.
final class LogFollower: Sendable {
    let id: UInt64
    let function: String
    let instance: String?
    private let continuation: AsyncStream<LogEvent>.Continuation
    private let skipped = Mutex(0)

    init(id: UInt64, function: String, instance: String?, continuation: AsyncStream<LogEvent>.Continuation) {
        self.id = id
        self.function = function
        self.instance = instance
        self.continuation = continuation
    }

    /// Called by the collector's thread alone.
    func offer(_ entry: LogEntry) {
        if let instance, instance != entry.instance { return }
        skipped.withLock { skipped in
            if skipped > 0 {
                guard case .enqueued = continuation.yield(.skipped(skipped)) else {
                    skipped += 1
                    return
                }
                skipped = 0
            }
            if case .dropped = continuation.yield(.entry(entry)) { skipped += 1 }
        }
    }

    func finish() { continuation.finish() }
}
