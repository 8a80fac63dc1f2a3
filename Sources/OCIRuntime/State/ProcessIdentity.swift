internal import Glibc
package import LinuxSystem

/// A process, told from any other that gets its number later.
package struct ProcessIdentity: Sendable, Hashable, Codable {
    package let pid: Int32
    /// When it began, in clock ticks since the boot (proc_pid_stat(5), field 22).
    package let start: UInt64

    /// - Throws: `KernelError`, ENOENT when there is none.
    package init(of pid: Int32) throws(KernelError) {
        guard let stat = ProcessStatistics(try File.text("/proc/\(pid)/stat")) else {
            throw KernelError("read", subject: "/proc/\(pid)/stat", code: EINVAL)
        }
        self.pid = pid
        start = stat.start
    }

    /// Whether it has not ended, whether or not somebody has reaped it.
    package var isAlive: Bool {
        guard let text = try? File.text("/proc/\(pid)/stat"), let stat = ProcessStatistics(text) else {
            return false
        }
        return stat.start == start && !["Z", "X", "x"].contains(stat.state)
    }

    /// - Returns: nil when it has ended.
    package func open() throws(KernelError) -> PidFD? {
        let held: PidFD
        do { held = try PidFD(process: pid) } catch {
            if error.code == ESRCH { return nil }
            throw error
        }
        // Looked at again: the number may have been another's by now.
        guard isAlive else { return nil }
        return held
    }
}

/// A line of /proc/PID/stat. The name, second, is in brackets and may have anything in it.
package struct ProcessStatistics: Hashable {
    package let state: String
    package let start: UInt64

    package init?(_ line: String) {
        guard let bracket = line.utf8.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = line[bracket...].split(separator: " ")
        guard fields.count > 20, let start = UInt64(fields[20]) else { return nil }
        state = String(fields[1])
        self.start = start
    }
}
