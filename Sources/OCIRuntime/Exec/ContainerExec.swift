internal import Core
internal import LinuxSystem
internal import OCI
internal import Sandbox

/// Runs a further process in a container.
package struct ContainerExec {
    private let root: RuntimeRoot

    package init(root: RuntimeRoot) { self.root = root }

    /// - Returns: the process's exit status, or 128 and the signal that ended it; 0 of one that is let go of.
    /// - Throws: `InvalidInput`, `RuntimeFailure`, `StageFailure`, `KernelError`; then there is no process.
    package func run(_ request: ExecRequest) throws -> Int32 {
        let directory = try root.open(request.id)
        let record = try directory.record()
        let first = try Self.firstProcess(of: record, request)
        let config = try OCIConfig.parse(try directory.configurationBytes(), ids: .max)
        let process = try request.process(in: config)
        try Self.check(process, request, in: config)
        let passed = try PassedDescriptors(preserved: request.preserved) { _ in nil }
        // Before there is a process that they are for.
        let signals = request.detaches ? nil : try ForwardedSignals()
        let entry = try ContainerEntry(of: first)
        let cgroup = try record.cgroup.map { try ExecCgroup.open($0, path: request.cgroup, of: first) }
        let entered = try entry.enter(
            try Self.steps(entry, process, config, passed: passed.numbers.count),
            descriptors: passed.numbers, cgroup: cgroup?.descriptor)
        let terminal: SharedFD?
        do {
            terminal = try start(entered, process, request)
        } catch {
            entered.abandon()
            throw error
        }
        guard let signals else { return 0 }
        let attendance = Attendance(process: entered, terminal: terminal, signals: signals)
        let status = try attendance.wait()
        return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    }

    private static func firstProcess(
        of record: ContainerRecord, _ request: ExecRequest
    ) throws(RuntimeFailure) -> ProcessIdentity {
        let status = record.status
        guard status != .paused || request.ignoresPause else {
            throw RuntimeFailure(
                "container \(request.id) is paused; resume it, or have the process wait by --ignore-paused")
        }
        guard [.created, .running, .paused].contains(status), let process = record.process else {
            throw RuntimeFailure("container \(request.id) is not running: it is \(status.rawValue)")
        }
        return process
    }

    private static func check(
        _ process: OCIConfig.Process, _ request: ExecRequest, in config: OCIConfig
    ) throws(InvalidInput) {
        var whole = config
        whole.process = process
        try UnbuiltFields.check(whole)
        guard process.terminal == true else {
            if request.consoleSocket != nil {
                throw InvalidInput("--console-socket", "is given, but there is no terminal", allowed: "--tty")
            }
            return
        }
        if request.detaches && request.consoleSocket == nil {
            throw InvalidInput(
                "process.terminal", "needs somebody who takes the terminal", allowed: "--console-socket")
        }
    }

    private static func steps(
        _ entry: ContainerEntry, _ process: OCIConfig.Process, _ config: OCIConfig, passed: Int
    ) throws(InvalidInput) -> [LaunchPlan.Step] {
        var steps: [LaunchPlan.Step] = []
        if process.terminal == true {
            let size = process.consoleSize
            steps.append(
                .terminal(
                    console: nil, rows: UInt16(clamping: size?.height ?? 0),
                    columns: UInt16(clamping: size?.width ?? 0), owner: process.user?.uid ?? 0))
        }
        steps += try entry.steps(process, linux: config.linux)
        if passed > 0 { steps.append(.pass((0..<passed).map { entry.place($0) })) }
        return steps + [.start]
    }

    private func start(
        _ entered: EnteredProcess, _ process: OCIConfig.Process, _ request: ExecRequest
    ) throws -> SharedFD? {
        if let score = process.oomScoreAdj { try Self.set(oomScore: score, of: entered.pid) }
        if let file = request.pidFile { try PidFile.write(entered.pid, to: file) }
        let terminal = try entered.go(process)
        guard let socket = request.consoleSocket, let terminal else { return terminal }
        try ConsoleSocket.send(terminal, to: socket)
        return nil
    }

    private static func set(oomScore score: Int32, of pid: Int32) throws {
        let file = "/proc/\(pid)/oom_score_adj"
        // To raise it needs no privilege, and to leave it none either.
        guard try File.text(file) != "\(score)\n" else { return }
        do { try File.write("\(score)", to: file) } catch {
            throw InvalidInput("process.oomScoreAdj", "\(score) cannot be set: \(error.reason)")
        }
    }
}
