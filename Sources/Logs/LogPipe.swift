internal import CLinux
internal import Core
internal import LinuxSystem

/// One instance whose output is being collected.
final class LiveLog {
    let instance: String
    let function: String
    let file: LogFile?
    var pipes: Set<UInt64> = []
    /// Bytes it may still log now, and when that was last refilled (monotonic nanoseconds).
    private var allowance = Limits.logBytesPerSecond
    private var refilledAt: Int64

    init(instance: String, function: String, file: LogFile?, now: Int64) {
        self.instance = instance
        self.function = function
        self.file = file
        refilledAt = now
    }

    /// Counts bytes that were logged. Returns how long to leave the pipes alone, if it was too much.
    func spend(_ bytes: Int, now: Int64) -> Int64? {
        let rate = Int64(Limits.logBytesPerSecond)
        let elapsed = min(max(0, now - refilledAt), 1_000_000_000)
        refilledAt = now
        allowance = min(allowance + Int(elapsed * rate / 1_000_000_000), Int(rate)) - bytes
        return allowance >= 0 ? nil : Int64(-allowance) * 1_000_000_000 / rate
    }
}

/// The reading end of an instance's stdout or stderr.
final class LogPipe {
    enum Read {
        case bytes(Int)
        /// Nothing there now.
        case empty
        /// Every writer is gone.
        case end
    }

    let fd: SharedFD
    let stream: LogEntry.Stream
    let log: LiveLog
    var splitter = LineSplitter(limit: Limits.logLineBytes)
    /// When the beginning of an unfinished line is given away (monotonic nanoseconds).
    var flushAt: Int64?

    init(fd: SharedFD, stream: LogEntry.Stream, log: LiveLog) {
        self.fd = fd
        self.stream = stream
        self.log = log
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Read {
        let count = clinux_read(fd.raw, buffer.baseAddress, buffer.count)
        if count > 0 { return .bytes(Int(count)) }
        // A pipe fails in no other way than that there is nothing to read; what cannot be read is over.
        return count < 0 && -count == Int64(LogPipe.tryAgain) ? .empty : .end
    }

    /// EAGAIN, the same on every architecture.
    private static let tryAgain: Int32 = 11
}
