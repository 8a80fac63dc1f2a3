internal import Core
internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// A boolean that threads share.
private final class Flag: Sendable {
    private let value = Atomic<Bool>(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func store(_ isSet: Bool) { value.store(isSet, ordering: .relaxed) }
}

/// One container, from its launch to the removal of the last trace of it.
final class RunningInstance: SandboxedInstance, WatchedProcess {
    typealias LaunchResult = Result<RunningInstance, InstanceFailure>

    private struct Life {
        var isStarted = false
        var failure: InstanceFailure?
        /// The main process's wait status, as init told it.
        var status: Int32?
        var wasKilled = false
        /// Its number may be another's from now on.
        var isReaped = false
        var exit: ExitStatus?
        var launching: CheckedContinuation<LaunchResult, Never>?
        var waiting: [CheckedContinuation<ExitStatus, Never>] = []
    }

    private let id: InstanceID
    private let process: LaunchedProcess
    private let cgroup: InstanceCgroup?
    private let cleanUp: (@Sendable () -> Void)?
    private let explain: @Sendable (InitFailure, String?) -> InstanceFailure
    private let processes: FurtherProcesses
    private let exhaustion: ExhaustionWatch
    private let isFrozen = Flag()
    let ownVariables: Set<String>
    private let watcher: Watcher
    private let token = Atomic<UInt64>(0)
    private let housekeeping: JobQueue<@Sendable () -> Void>
    private let reclaiming: JobQueue<InstanceCgroup>
    private let deadline: Int64
    private let life: Mutex<Life>

    /// - Parameters:
    ///   - ids: its ids on the host; nil where the daemon's own id alone is mapped.
    ///   - launching: resumed once the function runs, or after all is cleaned up because it never will.
    ///   - cleanUp: called when it is gone.
    init(
        request: LaunchRequest, process: LaunchedProcess, prepared: PreparedRevision, ids: ContainerIDs?,
        cgroup: InstanceCgroup?, watcher: Watcher,
        housekeeping: JobQueue<@Sendable () -> Void>, reclaiming: JobQueue<InstanceCgroup>,
        launching: CheckedContinuation<LaunchResult, Never>, cleanUp: (@Sendable () -> Void)?
    ) {
        id = request.instance
        self.process = process
        self.cgroup = cgroup
        self.housekeeping = housekeeping
        self.reclaiming = reclaiming
        self.watcher = watcher
        self.cleanUp = cleanUp
        explain =
            FailureExplanation(prepared: prepared, instance: request.instance).callAsFunction(_:program:)
        ownVariables = prepared.ownVariables
        let own = prepared.owner
        exhaustion = ExhaustionWatch(
            cgroup: cgroup, layer: process.takeWritable(), limits: request.revision.spec.limits,
            places: prepared.writablePlaces, notice: request.notice)
        processes = FurtherProcesses(process: process, instance: request.instance) { user in
            ids?.host(LaunchJob.Owner(user: user?.user ?? own.user, group: user?.group ?? own.group))
        }
        deadline = KernelClock.monotonic() + Limits.launchTimeout.nanoseconds
        life = Mutex(Life(launching: launching))
    }

    // MARK: SandboxedInstance

    var canFreeze: Bool { cgroup != nil }

    var processID: Int? { life.withLock { $0.isReaped } ? nil : Int(process.pid) }

    func usage() async -> InstanceUsage? {
        let reader = UsageReader(cgroup: cgroup, process: process.pid)
        guard processID != nil else { return nil }
        let usage: InstanceUsage? = await withCheckedContinuation { continuation in
            let isTaken = housekeeping.push { continuation.resume(returning: reader.read()) }
            if !isTaken { continuation.resume(returning: nil) }
        }
        // What was read of an instance that ended meanwhile may be of another process with its number.
        return processID == nil ? nil : usage
    }

    func freeze() async throws(InstanceFailure) {
        guard let cgroup else { throw failure(.freeze, "the host gave it no cgroup of its own") }
        let result = await withCheckedContinuation { continuation in
            let isTaken = housekeeping.push { [reclaiming, isFrozen] in
                // Before it is: whoever thaws it meanwhile has the last word.
                isFrozen.store(true)
                let result = Result { () throws(KernelError) in try cgroup.freeze() }
                continuation.resume(returning: result)
                guard case .success = result else {
                    isFrozen.store(false)
                    return
                }
                self.lookNow()
                _ = reclaiming.push(cgroup)
            }
            if !isTaken { continuation.resume(returning: .failure(KernelError("freeze", code: ESHUTDOWN))) }
        }
        if case .failure(let error) = result { throw failure(.freeze, error.description) }
    }

    func exhausted() -> Exhaustion? { exhaustion.recently() }

    // Of a frozen one nothing changes until it is thawed.
    func look() {
        guard !isFrozen.isSet, life.withLock({ $0.isStarted }) else { return }
        _ = housekeeping.push { self.lookNow() }
    }

    private func lookNow() {
        exhaustion.look()
        if !life.withLock({ $0.isReaped }) { exhaustion.lookInside(process: process.pid) }
    }

    func thaw() throws(InstanceFailure) {
        isFrozen.store(false)
        do { try cgroup?.thaw() } catch {
            // An instance that has just ended needs no thaw; whoever uses it finds out that it is gone.
            if error.code != ENODEV { throw failure(.freeze, error.description) }
        }
    }

    func terminate() {
        try? thaw()
        try? process.pidfd.send(signal: SIGTERM)
    }

    func kill() {
        life.withLock { $0.wasKilled = true }
        // All at once where there is a cgroup; else the end of PID 1 ends its pid namespace.
        cgroup?.kill()
        try? process.pidfd.send(signal: SIGKILL)
    }

    func ended() async -> ExitStatus {
        await withCheckedContinuation { continuation in
            let exit = life.withLock { life -> ExitStatus? in
                if life.exit == nil { life.waiting.append(continuation) }
                return life.exit
            }
            if let exit { continuation.resume(returning: exit) }
        }
    }

    // MARK: ProcessStarting

    func start(
        _ process: ProcessStart, ended: @escaping @Sendable (ProcessEnd) -> Void
    ) throws(InstanceFailure) -> UInt32 {
        let id = try processes.start(process, ended: ended)
        awaitRoomIfNeeded()
        return id
    }

    func log(_ line: String) { processes.log(line) }

    func signal(_ process: UInt32, _ number: Int32) {
        processes.signal(process, number)
        awaitRoomIfNeeded()
    }

    private func awaitRoomIfNeeded() {
        if processes.isWaiting { watcher.awaitRoom(token.load(ordering: .acquiring)) }
    }

    // MARK: WatchedProcess

    func watched(as token: UInt64) { self.token.store(token, ordering: .releasing) }

    func flush() -> Bool {
        processes.flush()
        return processes.isWaiting
    }

    var socketDescriptor: Int32 { process.socket.descriptor }
    var processDescriptor: Int32 { process.pidfd.descriptor }

    func socketReady() -> Bool {
        // Several at a time, but not so many that other containers wait for their news.
        for _ in 0..<16 {
            guard let received = try? process.socket.receive(limit: 64) else { return false }
            switch received {
            case .nothing: return true
            case .end: return false
            case .packet(let packet):
                guard let report = InitReport(packet) else {
                    // Nobody but a subverted init says what init never says.
                    kill()
                    return false
                }
                take(report)
            }
        }
        return true
    }

    private func take(_ report: InitReport) {
        switch report {
        case .started(InitMessage.mainProcess):
            let launching = life.withLock { life in
                life.isStarted = true
                return life.launching.take()
            }
            launching?.resume(returning: .success(self))
        case .failed(InitMessage.mainProcess, let failure):
            let explained = explain(failure, nil)
            life.withLock { if !$0.isStarted { $0.failure = explained } }
        case .exited(InitMessage.mainProcess, let status):
            life.withLock { $0.status = status }
        case .failed(let id, let failure): processes.failed(id) { explain(failure, $0) }
        case .exited(let id, let status):
            processes.exited(id, status: status) { cgroup?.outOfMemoryKills() ?? 0 }
            if status != 0 { look() }
        case .started, .reached, .master: break
        }
    }

    func tick(now: Int64) -> Bool {
        let isStarting = life.withLock { !$0.isStarted && $0.exit == nil }
        if isStarting && now > deadline { kill() }
        return isStarting
    }

    func processEnded() {
        while case .packet(let packet)? = try? process.socket.receive(limit: 64) {
            if let report = InitReport(packet) { take(report) }
        }
        processes.lose()
        life.withLock { $0.isReaped = true }
        _ = try? process.pidfd.reap()
        // Removing the cgroup may have to wait; without the queue the daemon is ending, and sweeps at its next start.
        _ = housekeeping.push { self.finish() }
    }

    /// Everything of the container is gone but its cgroup: its mounts and file system went with PID 1.
    private func finish() {
        let ranOutOfMemory = (cgroup?.outOfMemoryKills() ?? 0) > 0
        exhaustion.close()
        _ = cgroup?.remove()
        cleanUp?()
        let (launching, result, waiting, exit) = life.withLock { life in
            let exit = Self.exit(life, ranOutOfMemory: ranOutOfMemory)
            life.exit = exit
            let waiting = life.waiting
            life.waiting = []
            let result = life.failure ?? self.unexplained(exit)
            return (life.launching.take(), result, waiting, exit)
        }
        launching?.resume(returning: .failure(result))
        for continuation in waiting { continuation.resume(returning: exit) }
    }

    private static func exit(_ life: Life, ranOutOfMemory: Bool) -> ExitStatus {
        guard let status = life.status else {
            if life.wasKilled { return .signal(Int(SIGKILL)) }
            return ranOutOfMemory ? .oomKilled : .unknown
        }
        let exit = ExitStatus(waitStatus: status)
        return exit == .signal(Int(SIGKILL)) && ranOutOfMemory ? .oomKilled : exit
    }

    private func unexplained(_ exit: ExitStatus) -> InstanceFailure {
        if exit == .oomKilled {
            return InstanceFailure(
                phase: .create, cause: "OOMKilled", message: "the sandbox needs more memory than its limit",
                exit: exit, instance: id)
        }
        return InstanceFailure(
            phase: .create, cause: "SandboxFailed",
            message: "torpor-init ended before the function was started", exit: exit, instance: id)
    }

    private func failure(_ phase: InstanceFailure.Phase, _ message: String) -> InstanceFailure {
        InstanceFailure(phase: phase, cause: "SandboxFailed", message: message, instance: id)
    }
}
