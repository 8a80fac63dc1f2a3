internal import Glibc

/// The clocks of the data path; both are read in the vDSO, without a system call.
enum WallClock {
    /// Unix nanoseconds, for `X-Start-Time`.
    @inline(__always)
    static func unixNanoseconds() -> UInt64 {
        var time = timespec()
        guard clock_gettime(CLOCK_REALTIME, &time) == 0 else {
            preconditionFailure("CLOCK_REALTIME can always be read (clock_gettime(2))")
        }
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}
