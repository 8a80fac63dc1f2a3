internal import ControlAPI
internal import ControlServer
internal import Core
internal import LinuxSystem
internal import Orchestrator
internal import Synchronization

/// One more process of an instance, and the client who sees it. It ends with its process, and its process with the client.
final class ExecSession: AttachedSession {
    private struct State {
        /// The client's ends, until it has them.
        var descriptors: [SharedFD] = []
        var process: UInt32?
        var isOver = false
        var isHungUp = false
    }

    private let held: HeldInstance
    private let place: SessionPlace
    private let ended: @Sendable (AttachEnd) -> Void
    private let state = Mutex(State())

    init(
        _ held: HeldInstance, _ place: SessionPlace, ended: @escaping @Sendable (AttachEnd) -> Void
    ) {
        self.held = held
        self.place = place
        self.ended = ended
    }

    /// - Parameter process: without streams, which are made here.
    func start(_ process: ProcessStart, _ request: ExecRequest) throws(ControlError) {
        do {
            if let size = request.terminal {
                try start(process, on: try terminal(size))
            } else {
                try start(process, withInput: request.input)
            }
        } catch {
            held.letGo()
            let reason = (error as? InstanceFailure)?.message ?? "\(error)"
            throw ControlError(.unavailable, "cannot start the command: \(reason)")
        }
    }

    private func terminal(_ size: ExecRequest.Terminal) throws -> PseudoTerminal {
        guard let process = held.sandbox.processID else { throw Self.gone }
        let terminal = try PseudoTerminal(insideOf: process)
        // Known by its number; had it been reaped meanwhile, that could be another's.
        guard held.sandbox.processID != nil else { throw Self.gone }
        try TerminalDevice.resize(
            terminal.master.raw,
            to: TerminalDevice.Size(
                rows: UInt16(clamping: size.rows), columns: UInt16(clamping: size.columns)))
        return terminal
    }

    private static let gone = InstanceFailure(
        phase: .run, cause: "SandboxFailed", message: "the instance has ended")

    private func start(_ process: ProcessStart, on terminal: PseudoTerminal) throws {
        var process = process
        process.isTerminal = true
        process.input = terminal.slave.raw
        process.output = terminal.slave.raw
        process.error = terminal.slave.raw
        try run(process, [terminal.master])
    }

    /// Pipes that are made for it: nothing of the host's is in the container's hands.
    private func start(_ process: ProcessStart, withInput hasInput: Bool) throws {
        var process = process
        let (output, errors) = (try SharedPipe(), try SharedPipe())
        process.output = output.writing.raw
        process.error = errors.writing.raw
        guard hasInput else { return try run(process, [output.reading, errors.reading]) }
        let input = try SharedPipe()
        process.input = input.reading.raw
        try run(process, [output.reading, errors.reading, input.writing])
    }

    private func run(_ process: ProcessStart, _ descriptors: [SharedFD]) throws(InstanceFailure) {
        state.withLock { $0.descriptors = descriptors }
        // The process's end may be told before this has returned.
        let number = try held.sandbox.start(process) { self.processEnded($0) }
        state.withLock { $0.process = number }
    }

    // MARK: AttachedSession

    var reply: AttachReply { AttachReply(attached: held.id) }

    func takeDescriptors() -> [SharedFD] {
        state.withLock { state in
            defer { state.descriptors = [] }
            return state.descriptors
        }
    }

    func signal(_ number: Int32) {
        let process = state.withLock { $0.isOver ? nil : $0.process }
        if let process { held.sandbox.signal(process, number) }
    }

    /// A terminal's hang-up is the kernel's, to its foreground; this one is to whom it does not reach.
    func hangUp() {
        let process = state.withLock { state -> UInt32? in
            state.descriptors = []
            guard !state.isOver, !state.isHungUp else { return nil }
            state.isHungUp = true
            return state.process
        }
        guard let process else { return }
        let (hangUp, kill): (Int32, Int32) = (1, 9)
        held.sandbox.signal(process, hangUp)
        Task {  // Bounded by its sleep.
            try? await Task.sleep(for: Limits.hangUpGrace)
            if state.withLock({ !$0.isOver }) { held.sandbox.signal(process, kill) }
        }
    }

    // MARK: The end

    /// On a thread that must not wait.
    private func processEnded(_ end: ProcessEnd) {
        state.withLock { $0.isOver = true }
        held.letGo()
        ended(report(end))
    }

    private func report(_ end: ProcessEnd) -> AttachEnd {
        switch end {
        case .exited(.code(let code)): AttachEnd(status: code)
        // SIGTERM to an instance of mode exec is for each of its processes.
        case .exited(.signal(let number)): AttachEnd(status: 128 + number, message: whyStopped)
        case .exited(.oomKilled):
            AttachEnd(status: 128 + 9, message: "the command was ended: it used more than limits.memory")
        case .exited(.unknown): AttachEnd(status: AttachEnd.lost, message: "nobody saw how the command ended")
        case .failed(let failure):
            AttachEnd(status: failure.cause == "CommandNotFound" ? 127 : 126, message: failure.message)
        case .lost:
            AttachEnd(status: AttachEnd.lost, message: whyStopped ?? "the instance \(held.id) has ended")
        }
    }

    private var whyStopped: String? { held.ending.map { "the instance \(held.id) was stopped: \($0)" } }
}
