package import Core
package import Scaling

/// One function: its revisions, its instances, and every decision about them. Pure: events and `now` in, effects out;
/// no I/O, no clock, no await. The gates of its instances are the one thing that it shares with the gateway.
///
/// Decisions by topic: here the events of an instance's life; `FunctionMachine+Demand` starts and keeps instances;
/// `FunctionMachine+Idle` freezes and stops them; `FunctionMachine+Rollout` changes revisions.
package struct FunctionMachine: Sendable {
    package struct Instance: Sendable {
        package let id: InstanceID
        package let revision: Int
        package let gate: InstanceGate
        /// Unix seconds, for people.
        package let createdAt: Int64
        package internal(set) var state = InstanceState.creating
        package internal(set) var canFreeze = false
        package internal(set) var failure: InstanceFailure?
        /// Monotonic nanoseconds.
        let launchedAt: Int64
        var readyAt: Int64 = 0
        /// Why it drains.
        var end: PlannedEnd?
        /// When the cgroup is killed, once SIGTERM was sent (monotonic nanoseconds).
        var killAt: Int64?
        let cause: StartCause
        /// The call that last found it not answering, and when (monotonic nanoseconds).
        var suspicion: (callID: String, at: Int64)?

        /// `frozen` is left by the gateway alone, so the gate tells it, not the state.
        package var visibleState: InstanceState {
            state == .ready && gate.phase == .frozen ? .frozen : state
        }

        mutating func move(to next: InstanceState) {
            precondition(state.leads(to: next), "no way from \(state) to \(next)")
            state = next
        }
    }

    package let key: FunctionKey
    package internal(set) var record: FunctionRecord
    package internal(set) var revisions: [Int: Revision] = [:]
    package internal(set) var instances: [InstanceID: Instance] = [:]
    /// The revision that is being brought up to replace the active one.
    package internal(set) var candidate: Int?
    /// Of starts that fail.
    package internal(set) var backoff = Backoff()
    /// Of instances that are ready and die soon: holds back those that nobody asked for.
    var crashes = Backoff()
    package internal(set) var isRemoved = false
    /// The daemon stops.
    package internal(set) var isClosing = false
    var makeID: @Sendable () -> InstanceID
    /// Instances that its namespace has room for; told before every event.
    package var room = Int.max
    /// Whether one more would have been started, had there been room; until one is, or who waits was asked again.
    package internal(set) var lacksRoom = false
    /// When people were told so, since an instance was last started.
    var toldOfRoomAt: Int64?
    /// Whoever lives so long has not died soon.
    private static let stableTime: Int64 = 10_000_000_000
    /// How long after a call broke off an instance's death is laid at its door.
    static let suspicionTime: Int64 = 5_000_000_000

    package init(stored: StoredFunction, makeID: @escaping @Sendable () -> InstanceID) {
        key = stored.record.key
        record = stored.record
        self.makeID = makeID
        for revision in stored.revisions { revisions[revision.id.number] = revision }
        record.latest = max(record.latest, stored.revisions.last?.id.number ?? 0)
        if record.latest > record.settled, revisions[record.latest] != nil { candidate = record.latest }
    }

    package var active: Revision? { record.active.flatMap { revisions[$0] } }

    /// - Parameters:
    ///   - now: monotonic nanoseconds. - unixTime: Unix seconds.
    package mutating func handle(_ event: FunctionEvent, now: Int64, unixTime: Int64) -> [FunctionEffect] {
        var effects: [FunctionEffect] = []
        switch event {
        case .demand(let callID): demand(.call(callID), now, unixTime, &effects)
        case .visit: demand(.visit, now, unixTime, &effects)
        case .crowded: crowded(now, unixTime, &effects)
        case .suspected(let id, let callID): suspected(id, callID, now, &effects)
        case .callFailed(let call, let log): callFailed(call, log, unixTime, &effects)
        case .deployed(let revision): deploy(revision, now, unixTime, &effects)
        case .launched(let id, let canFreeze): launched(id, canFreeze, &effects)
        case .ready(let id): ready(id, now, unixTime, &effects)
        case .startFailed(let id, let failure, let running):
            startFailed(id, failure, running, now, unixTime, &effects)
        case .ended(let id, let exit, let log, let exhausted):
            ended(id, exit, exhausted, log, now, unixTime, &effects)
        case .exhausted(let id, let notice, let log): exhausted(id, notice, log, now, unixTime, &effects)
        case .drained(let id):
            if instances[id]?.state == .draining { terminate(id, now, &effects) }
        case .freezeFailed(let id): instances[id]?.canFreeze = false
        case .scaled(let count): scale(count, now, unixTime, &effects)
        case .removed: remove(now, &effects)
        case .closing: close(.closing, now, &effects)
        case .alarm: killOverdue(now, &effects)
        }
        maintain(now, unixTime, &effects)
        reap(now, &effects)
        if isRemoved, instances.isEmpty { effects.append(.gone) }
        return effects
    }

    /// Whether instances may be started.
    var isOpen: Bool { !isRemoved && !isClosing }

    private mutating func launched(_ id: InstanceID, _ canFreeze: Bool, _ effects: inout [FunctionEffect]) {
        guard instances[id]?.state == .creating else { return }
        instances[id]?.canFreeze = canFreeze
        instances[id]?.move(to: .starting)
    }

    private mutating func ready(
        _ id: InstanceID, _ now: Int64, _ unixTime: Int64, _ effects: inout [FunctionEffect]
    ) {
        guard let instance = instances[id], instance.state == .starting else { return }
        instances[id]?.move(to: .ready)
        instances[id]?.readyAt = now
        instance.gate.open(now: now)
        backoff.succeeded()
        tellStarted(instance, now, &effects)
        if instance.revision == candidate {
            promote(instance.revision, now, unixTime, &effects)
        } else {
            if instance.revision == record.active { prove(instance.revision, &effects) }
            publish(&effects)
        }
    }

    private mutating func startFailed(
        _ id: InstanceID, _ failure: InstanceFailure, _ running: Bool, _ now: Int64, _ unixTime: Int64,
        _ effects: inout [FunctionEffect]
    ) {
        guard let instance = instances[id] else { return }
        let wanted = instance.state == .creating || instance.state == .starting
        if running {
            effects.append(.kill(id))
            if wanted { fail(id, failure, now, unixTime, &effects) }
        } else {
            if wanted { fail(id, failure, now, unixTime, &effects) }
            forget(id, wanted ? .failed : .stopped, nil, unixTime, &effects)
        }
    }

    private mutating func ended(
        _ id: InstanceID, _ exit: ExitStatus, _ exhausted: Exhaustion?, _ log: [String], _ now: Int64,
        _ unixTime: Int64, _ effects: inout [FunctionEffect]
    ) {
        guard let instance = instances[id] else { return }
        switch instance.state {
        case .creating, .starting, .ready, .frozen:
            let phase: InstanceFailure.Phase = instance.state == .ready ? .run : .start
            _ = instance.gate.close()
            var failure = InstanceFailure.ending(exit, phase: phase, after: exhausted)
            failure.log = log
            fail(id, failure, now, unixTime, &effects)
            forget(id, .failed, exit, unixTime, &effects)
            if instance.state == .ready { publish(&effects) }
        case .draining: forget(id, .stopped, exit, unixTime, &effects)
        case .failed, .stopped: forget(id, instance.state, exit, unixTime, &effects)
        }
    }

    /// Marks an instance failed and tells whoever waits for it.
    private mutating func fail(
        _ id: InstanceID, _ failure: InstanceFailure, _ now: Int64, _ unixTime: Int64,
        _ effects: inout [FunctionEffect]
    ) {
        guard let instance = instances[id] else { return }
        var failure = failure
        failure.instance = id
        failure.callID = failure.callID ?? blamedCall(instance, failure.phase, now)
        failure.at = unixTime
        instances[id]?.move(to: .failed)
        instances[id]?.failure = failure
        record.lastFailure = failure
        tellFailed(instance, failure, &effects)
        effects.append(.failed(failure))
        if failure.exit == .oomKilled { effects.append(.exhausted(.memory)) }
        if failure.phase == .run {
            if now - instance.readyAt >= Self.stableTime { crashes.succeeded() }
            crashes.failed(at: now)
        } else {
            backoff.failed(at: now)
        }
        if instance.revision == candidate {
            settle(instance.revision, failure, &effects)
        } else {
            effects.append(.save(record))
        }
        // Requests go on waiting where another instance serves or comes up. A crash while running fails only the
        // requests that it had in flight, and a candidate that does not come up none: the others ask again.
        let hope = instances.values.contains {
            $0.state == .creating || $0.state == .starting
                || ($0.state == .ready && $0.revision == record.active)
        }
        guard failure.phase != .run, !hope else { return }
        if instance.revision == record.active { effects.append(.failWaiters) } else { publish(&effects) }
    }

    private mutating func forget(
        _ id: InstanceID, _ state: InstanceState, _ exit: ExitStatus?, _ unixTime: Int64,
        _ effects: inout [FunctionEffect]
    ) {
        guard let instance = instances.removeValue(forKey: id) else { return }
        if state == .stopped { tellStopped(instance, &effects) }
        effects.append(
            .note(
                InstanceRecord(
                    id: id, revisionNumber: instance.revision, startedAt: instance.createdAt,
                    endedAt: unixTime,
                    state: state, exit: exit,
                    cause: instance.failure?.cause ?? instance.end?.rawValue)))
    }

    /// The instances that take requests: ready ones of the active revision, oldest first.
    func publish(_ effects: inout [FunctionEffect]) {
        let serving = instances.values.filter { $0.state == .ready && $0.revision == record.active }
        effects.append(.publish(serving.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }.map(\.id)))
    }
}

extension InstanceFailure {
    /// The failure of a main process that ended by itself.
    /// - Parameter exhaustion: what it had run out of shortly before, which explains an end that is not one's own wish.
    static func ending(_ exit: ExitStatus, phase: Phase, after exhaustion: Exhaustion? = nil)
        -> InstanceFailure
    {
        var failure = plainEnding(exit, phase: phase)
        if let exhaustion, exhaustion != .memory, exit != .code(0), exit != .oomKilled {
            failure.cause = exhaustion.rawValue
            failure.message += "; shortly before, \(exhaustion.what)"
        }
        return failure
    }

    private static func plainEnding(_ exit: ExitStatus, phase: Phase) -> InstanceFailure {
        let before = phase == .start ? " before its port accepted a connection" : ""
        return switch exit {
        case .code(let code):
            InstanceFailure(
                phase: phase, cause: phase == .start ? "ExitedEarly" : "Exited",
                message: "the command exited with status \(code)\(before)", exit: exit)
        case .signal(let number):
            InstanceFailure(
                phase: phase, cause: "Signaled",
                message: "the command was ended by signal \(number)\(before)",
                exit: exit)
        case .oomKilled:
            InstanceFailure(
                phase: phase, cause: "OOMKilled",
                message: "the kernel ended the command: it used more than limits.memory\(before)", exit: exit)
        case .unknown:
            InstanceFailure(
                phase: phase, cause: "Killed", message: "the container was killed from outside\(before)",
                exit: exit)
        }
    }
}
