/// How long cold starts took, in total and by phase.
package final class StartTimes: Sendable {
    /// From the decision to start until the port accepts.
    package let total = DurationHistogram()
    /// Until there was a network slot.
    package let slot = DurationHistogram()
    /// From there until the function's process was exec'ed.
    package let sandbox = DurationHistogram()
    /// From there until its port accepted.
    package let listen = DurationHistogram()

    package init() {}
}

/// What the orchestrator has counted since its start.
package struct LifeCounts: Sendable, Equatable {
    /// Starts that came to nothing, by the short code of the cause.
    package var failedStarts: [String: UInt64] = [:]
    package var freezes: UInt64 = 0
    /// Instances that were ended because nobody had used them for `stopAfter`.
    package var idleStops: UInt64 = 0
    /// Instances that ended though nobody had asked them to, by the short code of the cause.
    package var crashes: [String: UInt64] = [:]
    /// Instances that ran out of something, and commands that did, by the short code.
    package var exhaustions: [String: UInt64] = [:]

    package init() {}
}
