internal import CLinux
internal import Core
internal import Glibc
package import LinuxSystem

/// The freezer of one cgroup, opened once: a thaw is then one write.
package final class CgroupFreezer: Sendable {
    private let name: String
    private let control: OwnedFD
    private let events: OwnedFD

    /// - Parameters:
    ///   - directory: descriptor of the cgroup, lent for the call. - name: the cgroup's in errors.
    package init(directory: Int32, name: String) throws(KernelError) {
        self.name = name
        control = try File.open("cgroup.freeze", at: directory, flags: O_WRONLY)
        events = try File.open("cgroup.events", at: directory, flags: O_RDONLY)
    }

    /// Blocks until the kernel reports every process frozen, some microseconds.
    /// - Throws: `KernelError` with ETIMEDOUT when a process does not stop (it hangs in the kernel); it is thawed then.
    package func freeze(timeout: Duration = .seconds(2)) throws(KernelError) {
        try write("1")
        let deadline = KernelClock.monotonic() + timeout.nanoseconds
        while try !isFrozen() {
            let left = (deadline - KernelClock.monotonic()) / 1_000_000
            if left <= 0 {
                try write("0")
                throw KernelError("freeze", subject: name, code: ETIMEDOUT)
            }
            // The file is exceptional from its change to its next read.
            try check(clinux_wait_priority(events.raw, Int32(min(left, 1000))), "poll")
        }
    }

    /// Any thread; about 6 µs.
    package func thaw() throws(KernelError) { try write("0") }

    /// What cgroup.events says now.
    package func isFrozen() throws(KernelError) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = try check(
            clinux_read_again(events.raw, &buffer, buffer.count), "read", subject: "cgroup.events")
        return String(decoding: buffer.prefix(Int(count)), as: UTF8.self).contains("frozen 1")
    }

    private func write(_ text: StaticString) throws(KernelError) {
        let count = clinux_write_again(control.raw, text.utf8Start, text.utf8CodeUnitCount)
        try check(count, "write", subject: "cgroup.freeze")
    }
}
