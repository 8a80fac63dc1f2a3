internal import CLinux
internal import Glibc
internal import LinuxSystem

/// An own child that somebody stays with.
protocol AttendedProcess: Sendable {
    /// Readable once it has ended.
    var endDescriptor: Int32 { get }
    func send(_ signal: Int32)
    /// Waits for its end, as wait(2) has it.
    func reap() throws -> Int32
}

extension FirstProcess: AttendedProcess {
    var endDescriptor: Int32 { pidfd.descriptor }
    func send(_ signal: Int32) { try? pidfd.send(signal: signal) }
}

extension EnteredProcess: AttendedProcess {
    var endDescriptor: Int32 { pidfd.descriptor }
    func send(_ signal: Int32) { try? pidfd.send(signal: signal) }
}

/// Stays with a container until its program ends: passes signals on, and where the container has a terminal carries what is
/// typed and shown between that and the caller's.
struct Attendance {
    let process: any AttendedProcess
    let terminal: SharedFD?
    let signals: ForwardedSignals

    /// - Returns: how it ended, as wait(2) has it.
    func wait() throws -> Int32 {
        guard let terminal else { return try serve(nil) }
        copySize(to: terminal)
        guard TerminalDevice.size(of: 0) != nil else { return try serve(terminal) }
        return try TerminalDevice.raw(0) { try serve(terminal) }
    }

    private func serve(_ terminal: SharedFD?) throws -> Int32 {
        var input: Int32 = terminal == nil ? -1 : 0
        var master = terminal?.raw ?? -1
        while true {
            // Negative numbers are passed over.
            var watched = [process.endDescriptor, signals.pipe.descriptor, input, master].map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            _ = poll(&watched, nfds_t(watched.count), -1)
            if watched[1].revents != 0 { forward(terminal) }
            if watched[2].revents != 0, !copy(from: 0, to: master) { input = -1 }
            if watched[3].revents != 0, !copy(from: master, to: 1) { master = -1 }
            guard watched[0].revents != 0 else { continue }
            // What the program wrote before its end is still in the terminal.
            while master >= 0, isReadable(master), copy(from: master, to: 1) {}
            return try process.reap()
        }
    }

    private func isReadable(_ descriptor: Int32) -> Bool { clinux_wait_readable(descriptor, 0) == 1 }

    private func forward(_ terminal: SharedFD?) {
        for signal in signals.pipe.take() {
            if signal == SIGWINCH, let terminal {
                copySize(to: terminal)
            } else {
                process.send(signal)
            }
        }
    }

    private func copySize(to terminal: SharedFD) {
        if let size = TerminalDevice.size(of: 0) { try? TerminalDevice.resize(terminal.raw, to: size) }
    }

    /// - Returns: false at the end of either.
    private func copy(from source: Int32, to target: Int32) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        let count = clinux_read(source, &buffer, buffer.count)
        guard count > 0 else { return false }
        var rest = buffer[..<Int(count)]
        while !rest.isEmpty {
            guard let written = try? File.write(Array(rest), to: target), written > 0 else { return false }
            rest = rest.dropFirst(written)
        }
        return true
    }
}
