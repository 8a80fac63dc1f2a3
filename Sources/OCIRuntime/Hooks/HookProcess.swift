internal import CLinux
internal import Core
package import LinuxSystem

/// The running program of a hook, an own child.
package final class HookProcess: Sendable {
    enum Outcome: Hashable {
        case exited(Int32)
        case killed(Int32)
        case overdue(Int64)
    }

    private let pid: Int32
    private let pidfd: PidFD

    /// - Parameter pid: of a child that leads a process group, and that nobody else reaps.
    package init(pid: Int32) throws(KernelError) {
        self.pid = pid
        pidfd = try PidFD(process: pid)
    }

    /// Waits for its end, and no longer: what it has started may live on with its streams.
    func wait(collecting streams: HookStreams, timeout: Duration) throws(KernelError) -> Outcome {
        let deadline = KernelClock.monotonic() + timeout.nanoseconds
        let poller = try Poller()
        try poller.add(pidfd.descriptor, 0)
        try poller.add(streams.readable, 1)
        while true {
            let left = (deadline - KernelClock.monotonic() + 999_999) / 1_000_000
            let ready = left > 0 ? poller.wait(milliseconds: Int32(min(left, 60_000))) : []
            if ready.contains(1), !streams.collect() { poller.remove(streams.readable) }
            if let status = try pidfd.reap() {
                _ = streams.collect()
                let signal = status & 0x7f
                return signal == 0 ? .exited(status >> 8 & 0xff) : .killed(signal)
            }
            if left <= 0 {
                // It leads a session, and so a group, of its own: what it has started there ends with it.
                _ = clinux_kill_group(pid)
                try? pidfd.send(signal: 9)
                while try pidfd.reap() == nil { _ = poller.wait(milliseconds: 1000) }
                _ = streams.collect()
                return .overdue(timeout.components.seconds)
            }
        }
    }
}
