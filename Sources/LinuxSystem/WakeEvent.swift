internal import CLinux

/// What a thread sleeps on until others have something for it (eventfd(2)). Signals are never lost and never counted.
package final class WakeEvent: Sendable {
    private let fd: OwnedFD

    package init() throws(KernelError) {
        fd = OwnedFD(owning: try check(clinux_eventfd(), "eventfd"))
    }

    /// Wakes the thread, or keeps it from sleeping next time. Any thread; does not block.
    package func signal() { _ = clinux_eventfd_signal(fd.raw) }

    /// Returns once signalled, or after `nanoseconds` when that is not nil.
    package func wait(nanoseconds: Int64?) {
        if let nanoseconds, nanoseconds <= 0 {
            _ = clinux_eventfd_clear(fd.raw)
            return
        }
        if clinux_wait_readable(fd.raw, nanoseconds ?? -1) == 1 { _ = clinux_eventfd_clear(fd.raw) }
    }

    /// For waiting together with other descriptors.
    package var descriptor: Int32 { fd.raw }
    package func clear() { _ = clinux_eventfd_clear(fd.raw) }
}

/// The kernel's clocks, nanoseconds. For adapters alone; decisions get their time as a parameter.
package enum KernelClock {
    package static func monotonic() -> Int64 { clinux_monotonic_now() }
    /// Since 1970, UTC.
    package static func real() -> Int64 { clinux_real_now() }
}
