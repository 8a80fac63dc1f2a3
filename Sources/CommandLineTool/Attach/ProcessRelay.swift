internal import ControlAPI
internal import ControlClient
internal import Core
internal import Glibc
internal import LinuxSystem

/// Copies between this process's standard streams and those of a process in an instance, until that ends. One thread, one
/// loop; nothing is read that could not be passed on.
struct ProcessRelay {

    private let session: AttachSession
    private let isTerminal: Bool
    private let passesInput: Bool
    /// From the process; nil once it is at its end, or nobody takes it here.
    private var output: SharedFD?
    private var errors: SharedFD?
    /// To the process; nil where it has none, or once this side's is at its end.
    private var input: SharedFD?
    private var inputIsOver = false
    /// Input that the process has not taken yet.
    private var pending: ArraySlice<UInt8> = []
    private var end: AttachEnd?

    /// How long output may be silent after the process's end, where something it left behind holds it open.
    private static let silence: Int32 = 200
    /// Rounds of it after which output that never ends is left.
    private static let rounds = 5000

    init(_ session: AttachSession, onTerminal: Bool, passesInput: Bool) throws {
        let descriptors = session.takeDescriptors()
        self.session = session
        self.passesInput = passesInput
        isTerminal = onTerminal
        guard descriptors.count == (onTerminal ? 1 : passesInput ? 3 : 2) else {
            throw ToolFailure("the daemon's answer has \(descriptors.count) streams")
        }
        output = descriptors[0]
        errors = onTerminal ? nil : descriptors[1]
        input = onTerminal ? descriptors[0] : descriptors.dropFirst(2).first
        if let input { try Descriptors.makeNonblocking(input.raw) }
    }

    /// The terminal is as it was when this returns or throws.
    mutating func run() throws -> AttachEnd {
        // What is written to somebody who has gone is an error of the write.
        signal(SIGPIPE, SIG_IGN)
        let signals = try SignalPipe([SIGWINCH, SIGINT, SIGTERM, SIGHUP, SIGQUIT])
        guard isTerminal, passesInput else { return try relay(signals) }
        return try TerminalDevice.raw(0) { try relay(signals) }
    }

    private mutating func relay(_ signals: borrowing SignalPipe) throws -> AttachEnd {
        resize()
        var left = Self.rounds
        while end == nil || output != nil || errors != nil, left > 0 {
            guard try turn(signals, isEnding: end != nil) else { break }
            if end != nil { left -= 1 }
        }
        return end
            ?? AttachEnd(status: AttachEnd.lost, message: "the daemon has gone, and the session with it")
    }

    /// Waits for something, and does it.
    /// - Returns: false when there is nothing more to wait for.
    private mutating func turn(_ signals: borrowing SignalPipe, isEnding: Bool) throws -> Bool {
        var watched = [pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0)]
        func watch(_ descriptor: Int32?, _ events: Int32) {
            watched.append(pollfd(fd: descriptor ?? -1, events: Int16(events), revents: 0))
        }
        watch(isEnding ? nil : session.descriptor, POLLIN)
        watch(output?.raw, POLLIN)
        watch(errors?.raw, POLLIN)
        let takesInput = passesInput && !inputIsOver && input != nil && !isEnding
        watch(takesInput && pending.isEmpty ? 0 : nil, POLLIN)
        // Of a pipe that the process has closed, poll(2) tells the error without being asked.
        let awaitsRoom = !isEnding && (!pending.isEmpty || !isTerminal)
        watch(awaitsRoom ? input?.raw : nil, pending.isEmpty ? 0 : POLLOUT)
        let ready = poll(&watched, nfds_t(watched.count), isEnding ? Self.silence : -1)
        if ready < 0 { return true }
        if ready == 0 { return false }
        if watched[0].revents != 0 { try take(signals.take()) }
        if watched[2].revents != 0 { output = Self.pass(output, to: 1) }
        if watched[3].revents != 0 { errors = Self.pass(errors, to: 2) }
        if watched[4].revents != 0 { readInput() }
        if watched[5].revents != 0 { writeInput(watched[5].revents) }
        // Last, so that what the process wrote before its end was looked at.
        if watched[1].revents != 0 { return try takeEnd() }
        return true
    }

    private mutating func takeEnd() throws -> Bool {
        end = try session.end()
        input = isTerminal ? input : nil
        return end != nil
    }

    private mutating func take(_ numbers: [Int32]) throws {
        for number in numbers {
            switch number {
            case SIGWINCH: resize()
            case SIGHUP: throw ToolFailure("the terminal has gone")
            case SIGTERM where isTerminal: throw ToolFailure("ended by SIGTERM")
            default: session.signal(number)
            }
        }
    }

    private func resize() {
        guard isTerminal, let output, let size = TerminalDevice.size(of: 0) ?? TerminalDevice.size(of: 1)
        else { return }
        // One that has just ended has no size.
        try? TerminalDevice.resize(output.raw, to: size)
    }

    private mutating func readInput() {
        var buffer = [UInt8](repeating: 0, count: 32 << 10)
        let count = read(0, &buffer, buffer.count)
        if count < 0, errno == EINTR || errno == EAGAIN { return }
        guard count > 0 else {
            inputIsOver = true
            // A terminal's end is a key; a pipe's is that it is closed.
            if !isTerminal { input = nil }
            return
        }
        pending = buffer[..<count]
        writeInput(0)
    }

    private mutating func writeInput(_ events: Int16) {
        guard let input else { return }
        if pending.isEmpty {
            if events & Int16(POLLERR) != 0, !isTerminal { self.input = nil }
            return
        }
        let count = pending.withUnsafeBytes { write(input.raw, $0.baseAddress, $0.count) }
        if count > 0 {
            pending = pending.dropFirst(count)
        } else if count < 0, errno != EAGAIN, errno != EINTR {
            pending = []
            if !isTerminal { self.input = nil }
            inputIsOver = true
        }
    }

    /// What is there of a stream goes to one of ours.
    /// - Returns: the stream, or nil when it has come to its end or ours takes no more.
    private static func pass(_ stream: SharedFD?, to target: Int32) -> SharedFD? {
        guard let stream else { return nil }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = read(stream.raw, &buffer, buffer.count)
        if count < 0, errno == EINTR || errno == EAGAIN { return stream }
        // EIO: nobody has the terminal any more.
        guard count > 0 else { return nil }
        return Descriptors.writeAll(buffer[..<count], to: target) ? stream : nil
    }
}

/// Blocking writes, and what does not block.
enum Descriptors {
    /// - Returns: false when nobody takes it.
    static func writeAll(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                // Somebody else made our stream so; it is waited for as if it blocked.
                var room = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&room, 1, -1)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }

    static func makeNonblocking(_ descriptor: Int32) throws {
        let flags = fcntl(descriptor, F_GETFL)
        guard flags >= 0, fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) >= 0 else {
            throw ToolFailure("a stream cannot be used: \(String(cString: strerror(errno)))")
        }
    }
}
