internal import DequeModule
internal import Synchronization

/// The requests of one function that wait for an instance, in the order they came, whichever loop they came on. The
/// fast path reads `count` alone.
final class ActivationQueue: Sendable {
    /// A request that waits: its loop knows it by the ticket.
    struct Waiter: Sendable {
        let loop: GatewayLoop
        let ticket: UInt64
        let callID: String
    }

    enum Admission { case waits, full, removed }

    private struct State {
        var waiters: Deque<Waiter> = []
        var removed = false
    }

    private let state = Mutex(State())
    private let waiting = Atomic<Int>(0)
    private let lastDemand = Atomic<Int64>(.min)

    /// How many wait.
    var count: Int { waiting.load(ordering: .relaxed) }

    /// Whether anybody waits, after a change to a gate. The fence orders this read after that change, as the one in
    /// `add` orders its count before the gate is looked at again: one of the two sees the other.
    var hasWaiters: Bool {
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        return waiting.load(ordering: .relaxed) > 0
    }

    /// The caller looks for room again afterwards, as an instance may have got some meanwhile.
    func add(_ waiter: Waiter, limit: Int) -> Admission {
        let result: Admission = state.withLock { state in
            if state.removed { return .removed }
            if state.waiters.count >= limit { return .full }
            state.waiters.append(waiter)
            waiting.store(state.waiters.count, ordering: .relaxed)
            return .waits
        }
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        return result
    }

    /// One that waits no longer; without effect when it has been taken already.
    func leave(loop: GatewayLoop, ticket: UInt64) {
        state.withLock { state in
            if let index = state.waiters.firstIndex(where: { $0.ticket == ticket && $0.loop === loop }) {
                state.waiters.remove(at: index)
                waiting.store(state.waiters.count, ordering: .relaxed)
            }
        }
    }

    /// The call that has waited longest.
    var firstCallID: String { state.withLock { $0.waiters.first?.callID ?? "" } }

    func takeFirst() -> Waiter? {
        state.withLock { state in
            let first = state.waiters.popFirst()
            waiting.store(state.waiters.count, ordering: .relaxed)
            return first
        }
    }

    /// Empties the queue.
    /// - Parameter removing: nobody may wait here any more.
    func takeAll(removing: Bool) -> Deque<Waiter> {
        state.withLock { state in
            if removing { state.removed = true }
            let all = state.waiters
            state.waiters = []
            waiting.store(0, ordering: .relaxed)
            return all
        }
    }

    /// Whether to say again that requests wait: at most once in `interval` nanoseconds, as a busy function's every
    /// departure asks.
    func mayDemand(now: Int64, interval: Int64) -> Bool {
        let last = lastDemand.load(ordering: .relaxed)
        guard last == .min || now - last >= interval else { return false }
        return lastDemand.compareExchange(expected: last, desired: now, ordering: .relaxed).exchanged
    }
}
