package import Core

/// What to do with an instance that nobody uses: a pure function of its idle time.
package enum IdlePolicy {
    package enum Decision: Sendable, Equatable {
        /// Nothing before this moment (monotonic nanoseconds); `.max` is never.
        case keep(until: Int64)
        case freeze
        case stop
    }

    /// - Parameters:
    ///   - frozen: whether it is frozen already.
    ///   - canFreeze: whether its host can freeze it; where it can't, it stays ready until `stopAfter`.
    ///   - lastUsed: monotonic nanoseconds of its last request's begin or end.
    package static func decide(
        _ scale: ScaleSpec, frozen: Bool, canFreeze: Bool, inFlight: Int, lastUsed: Int64, now: Int64
    ) -> Decision {
        let freezeAt = frozen || !canFreeze ? Int64.max : moment(lastUsed, scale.freezeAfter)
        let stopAt = moment(lastUsed, scale.stopAfter)
        if inFlight > 0 {
            // The idle time begins when the last request ends, which nobody announces: look again no later than
            // the shortest idle time from now.
            let soonest = min(length(scale.freezeAfter), length(scale.stopAfter))
            return .keep(until: soonest == .max ? .max : now + soonest)
        }
        if stopAt <= now { return .stop }
        if freezeAt <= now { return .freeze }
        return .keep(until: min(freezeAt, stopAt))
    }

    private static func length(_ time: IdleTime) -> Int64 {
        switch time {
        case .never: .max
        case .after(let duration): duration.nanoseconds
        }
    }

    private static func moment(_ from: Int64, _ time: IdleTime) -> Int64 {
        let (sum, overflow) = from.addingReportingOverflow(length(time))
        return overflow ? .max : sum
    }
}
