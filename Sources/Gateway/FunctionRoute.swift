internal import Core
internal import Synchronization

/// What all loops share of one function.
final class FunctionRoute: Sendable {
    let key: FunctionKey
    /// Its value in the route table, and its place in each loop's list.
    let index: Int
    let queue = ActivationQueue()
    let counters = FunctionCounters()
    let failures = FailureAllowance()

    init(key: FunctionKey, index: Int) {
        self.key = key
        self.index = index
    }
}

/// Lets a few failed calls be told, and then one from time to time: a function that fails every call must not fill the
/// log of events.
final class FailureAllowance: Sendable {
    private struct State {
        var allowed = Limits.failedCallsTold
        /// Nanoseconds at which `allowed` was last added to.
        var filledAt: UInt64 = 0
        var untold = 0
    }

    private let state = Mutex(State())

    /// - Parameter now: monotonic nanoseconds.
    /// - Returns: how many were not told since the last one that was; nil when this one is not to be told.
    func admit(now: UInt64) -> Int? {
        let interval = UInt64(Limits.failedCallInterval.nanoseconds)
        return state.withLock { state in
            let more = (now &- state.filledAt) / interval
            if more > 0 {
                state.allowed = Int(min(UInt64(Limits.failedCallsTold), UInt64(state.allowed) + more))
                state.filledAt = now
            }
            guard state.allowed > 0 else {
                state.untold += 1
                return nil
            }
            state.allowed -= 1
            defer { state.untold = 0 }
            return state.untold
        }
    }
}

/// Answers by class of status since the function is known, whoever gave them.
final class FunctionCounters: Sendable {
    private let success = Atomic<UInt64>(0)
    private let redirect = Atomic<UInt64>(0)
    private let clientError = Atomic<UInt64>(0)
    private let serverError = Atomic<UInt64>(0)
    private let cut = Atomic<UInt64>(0)

    @inline(__always)
    func count(status: Int) {
        switch status {
        case ..<300: success.wrappingAdd(1, ordering: .relaxed)
        case ..<400: redirect.wrappingAdd(1, ordering: .relaxed)
        case ..<500: clientError.wrappingAdd(1, ordering: .relaxed)
        default: serverError.wrappingAdd(1, ordering: .relaxed)
        }
    }

    /// A call that ended without a response, or in the middle of it.
    func countCut() { cut.wrappingAdd(1, ordering: .relaxed) }

    func read(waiting: Int) -> FunctionTraffic {
        FunctionTraffic(
            success: success.load(ordering: .relaxed), redirect: redirect.load(ordering: .relaxed),
            clientError: clientError.load(ordering: .relaxed),
            serverError: serverError.load(ordering: .relaxed), cut: cut.load(ordering: .relaxed),
            waiting: waiting)
    }
}
