internal import Core
internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// The processes of one container beside its main one: asks torpor-init for them, and tells how each ended.
///
/// Nothing here waits. What the socket has no room for is kept in order until it has; the watcher then calls `flush`.
final class FurtherProcesses: Sendable {
    typealias Ended = @Sendable (ProcessEnd) -> Void

    private struct Started {
        /// Its name for people; nil is the function's own command.
        let program: String?
        let ended: Ended
    }

    private struct State {
        var started: [UInt32: Started] = [:]
        var lastID = InitMessage.mainProcess
        var waiting: [InitPacket] = []
        var isOver = false
        var log: SharedFD?
        /// Of the container's out-of-memory kills, those that are known.
        var memoryKills = 0
    }

    private let process: LaunchedProcess
    private let instance: InstanceID
    /// Host ids of the process's user and group; nil where the container has the daemon's own.
    private let owner: @Sendable (ProcessUser?) -> LaunchJob.Owner?
    private let state = Mutex(State())

    init(
        process: LaunchedProcess, instance: InstanceID,
        owner: @escaping @Sendable (ProcessUser?) -> LaunchJob.Owner?
    ) {
        self.process = process
        self.instance = instance
        self.owner = owner
        state.withLock { $0.log = process.takeLog() }
    }

    /// Whether messages wait for the socket to have room.
    var isWaiting: Bool { state.withLock { !$0.waiting.isEmpty } }

    /// - Parameter ended: called exactly once if this returns, on the watcher's thread.
    func start(_ start: ProcessStart, ended: @escaping Ended) throws(InstanceFailure) -> UInt32 {
        let streams = [start.input, start.output, start.error]
        let lent = streams.compactMap { $0 }
        let withProgram = lent + [start.program].compactMap { $0 }
        let body = try body(start, streams)
        do throws(KernelError) {
            if let owner = owner(start.user) {
                for descriptor in lent {
                    // The empty path is the descriptor itself.
                    try FileTree.setOwner("", at: descriptor, user: owner.user, group: owner.group)
                }
            }
            return try state.withLock { state throws(KernelError) in
                guard !state.isOver else { throw KernelError("start", subject: "process", code: ESRCH) }
                guard state.started.count < Limits.processesPerInstance else {
                    throw KernelError("start", subject: "process", code: EAGAIN)
                }
                repeat {
                    state.lastID &+= 1
                } while state.lastID == InitMessage.mainProcess
                    || state.started[state.lastID] != nil
                let packet = InitPacket(
                    .spawn, id: state.lastID, value: PlanFormat.quiet, body: body, lending: withProgram)
                try send(packet, &state)
                state.started[state.lastID] = Started(program: start.arguments?.first, ended: ended)
                return state.lastID
            }
        } catch {
            throw failure("cannot start a process: \(error)")
        }
    }

    func signal(_ process: UInt32, _ number: Int32) {
        state.withLock { state in
            guard state.started[process] != nil, state.waiting.count < Limits.waitingInitMessages else {
                return
            }
            // Where it cannot be sent, the container is at its end.
            try? send(InitPacket(.signal, id: process, value: UInt32(bitPattern: number)), &state)
        }
    }

    func log(_ line: String) {
        let log = state.withLock { $0.log }
        if let log { _ = try? File.write(Array("\(line)\n".utf8), to: log.raw) }
    }

    private func body(_ start: ProcessStart, _ streams: [Int32?]) throws(InstanceFailure) -> [UInt8] {
        var place: Int32 = -1
        let places = streams.map { stream -> Int32? in
            if stream == nil { return nil }
            place += 1
            return place
        }
        var steps: [LaunchPlan.Step] = [.streams(places, isTerminal: start.isTerminal)]
        if let arguments = start.arguments {
            // Behind the streams.
            let isSent = start.program != nil
            steps.append(isSent ? .program(place + 1, arguments: arguments) : .arguments(arguments))
        }
        if !start.environment.isEmpty {
            steps.append(.moreEnvironment(start.environment, replaces: start.replacesVariables))
        }
        if let user = start.user {
            steps.append(
                .identity(user: user.user, group: user.group, groups: user.groups, umask: user.umask))
        }
        if let directory = start.directory { steps.append(.workingDirectory(directory)) }
        steps.append(.start)
        var encoder = PlanEncoder()
        encoder.append(PlanFormat.version)
        encoder.append(UInt32(steps.count))
        for step in steps { encoder.append(step) }
        guard encoder.bytes.count <= Limits.processStartBytes else {
            throw failure(
                "the command and its variables have \(encoder.bytes.count) bytes, at most "
                    + "\(Limits.processStartBytes) are allowed")
        }
        return encoder.bytes
    }

    private func send(_ packet: InitPacket, _ state: inout State) throws(KernelError) {
        if state.waiting.isEmpty, try packet.send(over: process.socket) { return }
        var packet = packet
        try packet.keep()
        state.waiting.append(packet)
    }

    /// Sends what waits, as far as there is room. On the watcher's thread.
    func flush() {
        state.withLock { state in
            while let packet = state.waiting.first {
                // Where it cannot be sent at all, the container's end is told soon, and with it that of each process.
                guard (try? packet.send(over: process.socket)) ?? true else { return }
                state.waiting.removeFirst()
            }
        }
    }

    /// - Parameter memoryKills: how many processes ran out of memory so far; asked only when one was killed.
    func exited(_ id: UInt32, status: Int32, memoryKills: () -> Int) {
        var exit = ExitStatus(waitStatus: status)
        let ended = state.withLock { state -> Ended? in
            guard let started = state.started.removeValue(forKey: id) else { return nil }
            if exit == .signal(Int(SIGKILL)) {
                let kills = memoryKills()
                if kills > state.memoryKills { exit = .oomKilled }
                state.memoryKills = kills
            }
            return started.ended
        }
        ended?(.exited(exit))
    }

    /// - Parameter explain: the failure, of a program of this name; nil is the function's own.
    func failed(_ id: UInt32, _ explain: (String?) -> InstanceFailure) {
        guard let started = state.withLock({ $0.started.removeValue(forKey: id) }) else { return }
        started.ended(.failed(explain(started.program)))
    }

    /// The container is gone, and all its processes with it.
    func lose() {
        let started = state.withLock { state in
            state.isOver = true
            // The log ends when nobody can write to it.
            state.log = nil
            state.waiting = []
            let started = Array(state.started.values)
            state.started = [:]
            return started
        }
        for started in started { started.ended(.lost) }
    }

    private func failure(_ message: String) -> InstanceFailure {
        InstanceFailure(phase: .run, cause: "SandboxFailed", message: message, instance: instance)
    }
}

extension ExitStatus {
    /// As wait(2) has it.
    init(waitStatus status: Int32) {
        let signal = status & 0x7f
        self = signal == 0 ? .code(Int(status >> 8 & 0xff)) : .signal(Int(signal))
    }
}
