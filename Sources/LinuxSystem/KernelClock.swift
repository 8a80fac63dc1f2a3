internal import CLinux

/// clock_gettime(2), in nanoseconds.
package enum KernelClock {
    /// CLOCK_MONOTONIC: never set back; stops while the host sleeps.
    package static func monotonic() -> Int64 { clinux_clock(1) }
    /// CLOCK_REALTIME: since 1970-01-01T00:00:00Z.
    package static func realtime() -> Int64 { clinux_clock(0) }
}
