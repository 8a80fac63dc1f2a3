internal import Synchronization

/// A thread of its own that takes one piece of blocking work after the other, for adapters whose calls must block
/// neither the cooperative pool nor an event loop. Work that has begun is finished whatever happens to its caller.
package final class WorkerThread: Sendable {
    /// Why a piece of work was not taken.
    package enum Refusal: Error, Sendable, Hashable, CustomStringConvertible {
        case full(name: String, limit: Int)
        case stopped(name: String)

        package var description: String {
            switch self {
            case .full(let name, let limit): "\(name) is busy: \(limit) pieces of work wait already"
            case .stopped(let name): "\(name) has been stopped"
            }
        }
    }

    private let name: String
    private let queue: WorkQueue
    private let thread: DedicatedThread

    /// - Parameters:
    ///   - name: 15 bytes at most are shown by `ps -L`.
    ///   - limit: pieces of work that may wait.
    package init(name: String, limit: Int) throws(KernelError) {
        let queue = WorkQueue(limit: limit, event: try WakeEvent())
        self.name = name
        self.queue = queue
        thread = try DedicatedThread(name: name) { queue.serve() }
    }

    /// What waits is still done; the thread ends by itself afterwards.
    deinit { queue.stop() }

    /// Runs `work` on the thread, after everything that was given before, and returns what it returns.
    /// - Throws: `Refusal`, or what `work` throws.
    package func run<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            let taken = queue.add { continuation.resume(with: Result { try work() }) }
            switch taken {
            case .taken: break
            case .full: continuation.resume(throwing: Refusal.full(name: name, limit: queue.limit))
            case .stopped: continuation.resume(throwing: Refusal.stopped(name: name))
            }
        }
    }

    /// Takes no more work; returns when all that waited is done. Blocks: not for a task, nor the thread itself.
    package func stop() {
        queue.stop()
        thread.join()
    }
}

/// What the thread and its owner share. The thread keeps it alive, so that the owner may go first.
private final class WorkQueue: Sendable {
    enum Answer { case taken, full, stopped }

    private struct State {
        var waiting: [@Sendable () -> Void] = []
        var isStopped = false
    }

    let limit: Int
    private let state = Mutex(State())
    private let event: WakeEvent

    init(limit: Int, event: WakeEvent) {
        self.limit = limit
        self.event = event
    }

    func add(_ work: @escaping @Sendable () -> Void) -> Answer {
        let answer = state.withLock { state -> Answer in
            if state.isStopped { return .stopped }
            if state.waiting.count >= limit { return .full }
            state.waiting.append(work)
            return .taken
        }
        event.signal()
        return answer
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        event.signal()
    }

    func serve() {
        while true {
            let (next, isStopped) = state.withLock { state in
                (state.waiting.isEmpty ? nil : state.waiting.removeFirst(), state.isStopped)
            }
            if let next {
                next()
            } else if isStopped {
                return
            } else {
                event.wait(nanoseconds: nil)
            }
        }
    }
}
