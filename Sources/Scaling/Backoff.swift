internal import Core

/// Keeps a function that cannot start from being started over and over: after a few failures in a row each further
/// start waits twice as long as the one before, up to a minute. One success forgets all of it.
package struct Backoff: Sendable, Equatable {
    package private(set) var failures = 0
    private var blockedUntil: Int64 = .min

    package init() {}

    /// Nanoseconds (monotonic) until which no start should be tried, or nil when one may be tried now.
    package func blocked(at now: Int64) -> Int64? { now < blockedUntil ? blockedUntil : nil }

    package mutating func succeeded() { self = Backoff() }

    package mutating func failed(at now: Int64) {
        failures += 1
        let over = failures - Limits.startFailuresBeforeBackoff
        guard over >= 0 else { return }
        let delay = min(Self.first << Int64(min(over, 10)), Self.longest)
        blockedUntil = now + delay
    }

    private static let first: Int64 = 500_000_000
    private static let longest: Int64 = 60_000_000_000
}
