internal import Core
internal import LinuxSystem

/// The host's clocks.
struct SystemTime: Timekeeper {
    func now() -> Int64 { KernelClock.monotonic() }
    func unixTime() -> Int64 { KernelClock.real() / 1_000_000_000 }
    func unixNanoseconds() -> Int64 { KernelClock.real() }

    func sleep(until deadline: Int64) async throws {
        let delay = deadline - now()
        // SuspendingClock is CLOCK_MONOTONIC on Linux, as `now` is.
        if delay > 0 { try await Task.sleep(for: .nanoseconds(delay), clock: .suspending) }
        try Task.checkCancellation()
    }
}
