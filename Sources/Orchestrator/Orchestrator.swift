package import Core
package import Logging

/// Owns every function's machine: feeds it events, performs its effects, and wakes it when time has come.
///
/// The gateway talks to it through `ActivatorPort`, whose calls only post to `inbox`; people through the control server
/// (`Orchestrator+Control`). Everything that changes state is synchronous; what takes time is a stored task.
package actor Orchestrator {
    let sandboxes: any SandboxPort
    let network: any NetworkPort
    let images: any ImagePort
    let logs: any LogPort
    let router: any RouterPort
    let time: any Timekeeper
    let logger: Logger
    let journal: Journal
    /// What happened, for people.
    package nonisolated let events: EventLog

    var functions: [FunctionKey: FunctionMachine] = [:]
    /// Those that were made; `default` is among them once it has limits.
    var namespaces: [NamespaceName: NamespaceRecord] = [:]
    var running: [InstanceID: RunningInstance] = [:]
    /// One import, insert or garbage collection at a time: what was imported is referred to before it can be collected.
    var contentLock = AsyncLock()
    var rollouts: [RevisionID: [CheckedContinuation<InstanceFailure?, Never>]] = [:]
    var departures: [FunctionKey: [CheckedContinuation<Void, Never>]] = [:]
    /// Those who wait for an instance, to look into it.
    var wakings: [FunctionKey: [Waking]] = [:]
    /// Slots of instances that are gone while requests that entered them are not: a late one must not reach whoever
    /// has the slot next.
    var lingering: [InstanceID: SlotID] = [:]
    var isClosing = false
    /// Content that backups read.
    var heldContent: [Int: Set<ContentDigest>] = [:]
    var lastHold = 0
    package nonisolated let startTimes = StartTimes()
    package internal(set) var lifeCounts = LifeCounts()
    private var alarm: (at: Int64, task: Task<Void, Never>)?
    private var alarms = Alarms()
    private let inbox: AsyncStream<Message>
    private nonisolated let post: AsyncStream<Message>.Continuation
    let makeID: @Sendable () -> InstanceID
    /// What else a deploy needs, such as the secrets that it names. Asked while none of that can be removed.
    let admit: @Sendable (FunctionKey, FunctionSpec) throws(InvalidInput) -> Void

    enum Message: Sendable {
        case demand(FunctionKey, callID: String)
        case visit(FunctionKey)
        case drained(InstanceID)
        case thawed(InstanceID)
        case crowded(FunctionKey)
        case suspect(InstanceID, callID: String)
        case failed(FailedCall)
        case exhausted(FunctionKey, InstanceID, ExhaustionNotice)
        case released(FunctionKey)
    }

    package init(
        sandboxes: any SandboxPort, network: any NetworkPort, images: any ImagePort, logs: any LogPort,
        store: any StorePort, router: any RouterPort, time: any Timekeeper, logger: Logger,
        makeID: @escaping @Sendable () -> InstanceID = {
            var generator = SystemRandomNumberGenerator()
            return InstanceID(random: &generator)
        },
        admit: @escaping @Sendable (FunctionKey, FunctionSpec) throws(InvalidInput) -> Void = { _, _ in }
    ) {
        self.sandboxes = sandboxes
        self.network = network
        self.images = images
        self.logs = logs
        self.router = router
        self.time = time
        self.logger = logger
        self.makeID = makeID
        self.admit = admit
        journal = Journal(store: store, logger: logger)
        events = EventLog(store: store, time: time, logger: logger)
        (inbox, post) = AsyncStream.makeStream()
    }

    /// Loads what the store remembers and makes it callable. Before `run`, and before the gateway listens.
    package func load() async throws {
        try await events.load()
        for record in try await journal.store.namespaces() { namespaces[record.name] = record }
        for stored in try await journal.store.load() {
            let machine = FunctionMachine(stored: stored, makeID: makeID)
            functions[machine.key] = machine
            for revision in stored.revisions { await prepareQuietly(revision) }
            if let spec = (machine.active ?? stored.revisions.last)?.spec {
                router.upsert(RoutePolicy(key: machine.key, spec: spec))
            }
        }
        await logs.removeAll(but: Set(functions.keys))
    }

    /// Starts what shall run without being asked for: kept instances, and rollouts that an earlier daemon did not end.
    package func resume() {
        for key in functions.keys.sorted() {
            tellRoom(key)
            perform(functions[key]?.resume(now: time.now(), unixTime: time.unixTime()) ?? [], of: key)
        }
    }

    /// The daemon is about to stop: nothing more is deployed, and who waits for a rollout is told. Requests are served on.
    package func announceClosing() {
        isClosing = true
        var failure = InstanceFailure(
            phase: .start, cause: "Closing",
            message: "the daemon stops; it goes on with the rollout when it is back")
        failure.at = time.unixTime()
        for continuation in rollouts.values.joined() { continuation.resume(returning: failure) }
        rollouts = [:]
    }

    /// A revision that this host cannot run any more is kept; each start of it fails and says why.
    private func prepareQuietly(_ revision: Revision) async {
        do {
            try await sandboxes.prepare(revision)
        } catch {
            logger.warning(
                "revision cannot be prepared", metadata: ["revision": "\(revision.id)", "error": "\(error)"])
        }
    }

    /// Serves the gateway's messages until the task is cancelled.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.journal.run() }
            group.addTask { await self.events.run() }
            for await message in inbox { receive(message) }
            journal.finish()
            events.finish()
        }
    }

    private func receive(_ message: Message) {
        switch message {
        case .demand(let key, let callID): apply(.demand(callID: callID), to: key)
        case .visit(let key): apply(.visit, to: key)
        case .drained(let id):
            if let slot = lingering.removeValue(forKey: id) { network.release(slot) }
            if let key = running[id]?.function { apply(.drained(id), to: key) }
        case .thawed(let id):
            // Its alarm was set for the end of its frozen time.
            guard let instance = running[id] else { break }
            events.record(instance.happened(.woke, "a request thawed it"))
            apply(.alarm, to: instance.function)
        case .released(let key): apply(.alarm, to: key)
        case .crowded(let key): apply(.crowded, to: key)
        case .suspect(let id, let callID):
            logger.debug("an instance did not answer", metadata: ["instance": "\(id)", "call": "\(callID)"])
            let instance = running[id]
            suspected(id, of: instance?.function, callID)
            // Closed by the gateway: it could not be thawed.
            if let instance, instance.handle?.gate.phase == .closed { instance.kill() }
        case .failed(let call): callFailed(call)
        case .exhausted(let key, let id, let notice): tellExhausted(key, id, notice)
        }
    }

    /// - Parameter function: nil where the instance is gone, and was perhaps the last that failed.
    private func suspected(_ id: InstanceID, of function: FunctionKey?, _ callID: String) {
        let key = function ?? functions.values.first { $0.record.lastFailure?.instance == id }?.key
        if let key { apply(.suspected(id, callID: callID), to: key) }
    }

    private func callFailed(_ call: FailedCall) {
        logger.notice(
            "a call failed",
            metadata: [
                "function": "\(call.function)", "call": "\(call.callID)", "code": "\(call.code)",
                "instance": "\(call.instance.map { "\($0)" } ?? "-")", "untold": "\(call.untold)",
            ])
        guard let instance = call.instance, call.end != nil else {
            apply(.callFailed(call, log: []), to: call.function)
            return
        }
        Task {  // Bounded: reads the end of a file.
            let tail = await logs.tail(
                of: instance, function: call.function, lines: Limits.failureLogLines)
            apply(.callFailed(call, log: tail), to: call.function)
        }
    }

    /// The one way into a machine.
    func apply(_ event: FunctionEvent, to key: FunctionKey) {
        guard functions[key] != nil else {
            if case .demand = event { router.remove(key) }
            return
        }
        let bounds = namespaces[key.namespace].map(\.limits.boundInstances) ?? false
        let before = bounds ? usage(of: key.namespace) : NamespaceUsage()
        if bounds { tellRoom(key) }
        let effects = functions[key]?.handle(event, now: time.now(), unixTime: time.unixTime()) ?? []
        perform(effects, of: key)
        if bounds, usage(of: key.namespace).leavesMore(than: before) { roomChanged(in: key.namespace) }
    }

    /// Says again who takes requests, so that those that wait ask for more.
    func publishAgain(_ key: FunctionKey) {
        var effects: [FunctionEffect] = []
        functions[key]?.publish(&effects)
        perform(effects, of: key)
    }

    private func perform(_ effects: [FunctionEffect], of key: FunctionKey) {
        for effect in effects {
            switch effect {
            case .launch(let id, let revision): launch(id, revision)
            case .freeze(let id): freeze(id)
            case .terminate(let id):
                running[id]?.ending.sentence = functions[key]?.reasonOfEnd(id)
                running[id]?.terminate()
            case .kill(let id): running[id]?.kill()
            case .publish(let ids):
                router.publish(key, instances: ids.compactMap { running[$0]?.handle })
                if ids.isEmpty { askForWaking(key) } else { tellWaking(key, isUp: true) }
            case .failWaiters:
                router.startFailed(key)
                tellWaking(key, isUp: false)
            case .save(let record): journal.write(.save(record))
            case .note(let record): journal.write(.note(record, key))
            case .tell(let event): tell(event)
            case .held(let cause): tellHeld(key, cause)
            case .failed(let failure): count(failure)
            case .exhausted(let kind): lifeCounts.exhaustions[kind.rawValue, default: 0] += 1
            case .settled(let number, let failure):
                settled(RevisionID(function: key, number: number), failure)
            case .forget(let numbers): forget(numbers, of: key)
            case .gone: gone(key)
            }
        }
        rearm(key)
    }

    private func tell(_ event: EventRecord) {
        if event.kind == .stopped, event.cause == PlannedEnd.idle.rawValue { lifeCounts.idleStops += 1 }
        events.record(event)
    }

    private func count(_ failure: InstanceFailure) {
        if failure.phase == .run {
            lifeCounts.crashes[failure.cause, default: 0] += 1
        } else {
            lifeCounts.failedStarts[failure.cause, default: 0] += 1
        }
    }

    private func settled(_ id: RevisionID, _ failure: InstanceFailure?) {
        if let spec = functions[id.function]?.active?.spec {
            router.upsert(RoutePolicy(key: id.function, spec: spec))
        }
        let waiting = rollouts.removeValue(forKey: id) ?? []
        var failure = failure
        if failure?.at == 0 { failure?.at = time.unixTime() }
        let outcome = failure
        // After the record is durable: an acknowledged deploy survives.
        journal.write(.then { _ in for continuation in waiting { continuation.resume(returning: outcome) } })
    }

    private func gone(_ key: FunctionKey) {
        let machine = functions.removeValue(forKey: key)
        alarms.set(key, at: nil)
        wakeDepartures(key)
        tellWaking(key, isUp: false)
        let revisions = machine?.revisions.values.map(\.id) ?? []
        Task {  // Bounded: removes files. Nobody waits for it.
            for revision in revisions { await sandboxes.forget(revision) }
            await logs.remove(key)
            await collectGarbage()
        }
    }

    private func forget(_ numbers: [Int], of key: FunctionKey) {
        let revisions = numbers.map { RevisionID(function: key, number: $0) }
        journal.write(.removeRevisions(revisions))
        Task {  // Bounded: removes files. Nobody waits for it.
            for revision in revisions { await sandboxes.forget(revision) }
            // Their records before their files: what a crash leaves is garbage, never a revision without files.
            if await journal.flush() == nil { await collectGarbage() }
        }
    }

    // MARK: Time

    private func rearm(_ key: FunctionKey) {
        alarms.set(key, at: functions[key]?.nextAlarm(now: time.now()))
        setTimer()
    }

    private func setTimer() {
        guard let next = alarms.next() else { return }
        if let alarm, alarm.at <= next { return }
        alarm?.task.cancel()
        let time = time
        alarm = (
            next,
            Task {  // Cancelled by an earlier alarm, and by `close`.
                do {
                    try await time.sleep(until: next)
                } catch {
                    return
                }
                ring()
            }
        )
    }

    private func ring() {
        alarm = nil
        for key in alarms.takeDue(time.now()) { apply(.alarm, to: key) }
        setTimer()
    }

    // MARK: End

    /// Drains every instance, and kills what is left at `deadline` (monotonic nanoseconds). Returns when none is left.
    package func close(deadline: Int64) async {
        isClosing = true
        for key in functions.keys.sorted() { apply(.closing, to: key) }
        let time = time
        let killer = Task {  // Cancelled below.
            do {
                try await time.sleep(until: deadline)
            } catch {
                return
            }
            for instance in running.values { instance.kill() }
        }
        for instance in running.values { await instance.over() }
        killer.cancel()
        alarm?.task.cancel()
        post.finish()
    }
}

extension Orchestrator: ActivatorPort {
    package nonisolated func demand(_ function: FunctionKey, callID: String) {
        post.yield(.demand(function, callID: callID))
    }

    package nonisolated func drained(_ instance: InstanceID) { post.yield(.drained(instance)) }
    package nonisolated func thawed(_ instance: InstanceID) { post.yield(.thawed(instance)) }
    package nonisolated func crowded(_ function: FunctionKey) { post.yield(.crowded(function)) }
    package nonisolated func suspect(_ instance: InstanceID, callID: String) {
        post.yield(.suspect(instance, callID: callID))
    }
    package nonisolated func failed(_ call: FailedCall) { post.yield(.failed(call)) }
    nonisolated func exhausted(_ function: FunctionKey, _ instance: InstanceID, _ notice: ExhaustionNotice) {
        post.yield(.exhausted(function, instance, notice))
    }
    nonisolated func visit(_ function: FunctionKey) { post.yield(.visit(function)) }
    nonisolated func released(_ function: FunctionKey) { post.yield(.released(function)) }
}
