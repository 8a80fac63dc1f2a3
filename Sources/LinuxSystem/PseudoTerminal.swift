internal import CLinux
internal import Glibc

/// A new pseudo-terminal (pts(4)).
package struct PseudoTerminal: Sendable {
    /// Whoever holds it sees and types; closing the last copy hangs up.
    package let master: SharedFD
    /// What processes have as their terminal.
    package let slave: SharedFD

    /// Makes one in the devpts of the container whose PID 1 is `process`. What lies at the container's `/dev/pts/ptmx` may
    /// be anything: it is looked up inside of the container's root, and used only when it is a devpts's, and not the host's.
    /// The caller sees to it that `process` is not reaped before this returns.
    package init(insideOf process: Int) throws(KernelError) {
        let root = try File.open("/proc/\(process)/root", flags: O_RDONLY | O_DIRECTORY)
        let path = "/dev/pts/ptmx"
        let raw = clinux_find_in_root(root.raw, path)
        let multiplexer = OwnedFD(owning: try check(raw, "open", subject: "the container's \(path)"))
        guard try check(clinux_is_foreign_ptmx(multiplexer.raw), "fstat", subject: path) == 1 else {
            throw KernelError("use", subject: "the container's \(path)", code: ENOTTY)
        }
        var ends: [Int32] = [-1, -1]
        try check(clinux_pty_open(multiplexer.raw, &ends), "make a terminal", subject: path)
        master = SharedFD(OwnedFD(owning: ends[0]))
        slave = SharedFD(OwnedFD(owning: ends[1]))
    }
}

/// The terminal that a descriptor is.
package enum TerminalDevice {
    package struct Size: Sendable, Hashable {
        package var rows: UInt16
        package var columns: UInt16

        package init(rows: UInt16, columns: UInt16) {
            self.rows = rows
            self.columns = columns
        }
    }

    /// Nil for what is no terminal.
    package static func size(of descriptor: Int32) -> Size? {
        var rows: UInt16 = 0
        var columns: UInt16 = 0
        guard clinux_terminal_size(descriptor, &rows, &columns) == 0 else { return nil }
        return Size(rows: rows, columns: columns)
    }

    /// Its processes in the foreground are told (SIGWINCH).
    package static func resize(_ descriptor: Int32, to size: Size) throws(KernelError) {
        try check(clinux_terminal_resize(descriptor, size.rows, size.columns), "TIOCSWINSZ")
    }

    /// While the body runs, every key goes through as it is; afterwards the terminal is as it was, however the body ends.
    package static func raw<Result>(_ descriptor: Int32, _ body: () throws -> Result) throws -> Result {
        var before = clinux_terminal_mode()
        try check(clinux_terminal_raw(descriptor, &before), "tcsetattr")
        // One that cannot be restored is gone.
        defer { _ = clinux_terminal_restore(descriptor, &before) }
        return try body()
    }
}

/// Signals to this process, as bytes to be read with everything else. One per process.
package struct SignalPipe: ~Copyable, Sendable {
    private let fd: OwnedFD
    package var descriptor: Int32 { fd.raw }

    package init(_ signals: [Int32]) throws(KernelError) {
        let raw = clinux_catch_signals(signals, UInt32(signals.count))
        fd = OwnedFD(owning: try check(raw, "sigaction"))
    }

    /// Those that came since it was last asked.
    package func take() -> [Int32] {
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = clinux_read(fd.raw, &bytes, bytes.count)
        return bytes.prefix(max(0, Int(count))).map(Int32.init)
    }
}
