import Core
import Logging
import Orchestrator
import Synchronization

/// Every port of the orchestrator, faked: instances start and end when the test says so.
final class FakeWorld: Sendable {
    struct State: Sendable {
        var prepared: [RevisionID] = []
        var launched: [InstanceID] = []
        var published: [FunctionKey: [InstanceHandle]] = [:]
        var publications: [FunctionKey: Int] = [:]
        var policies: Set<FunctionKey> = []
        var failures: [FunctionKey: Int] = [:]
        var records: [FunctionKey: FunctionRecord] = [:]
        var revisions: [RevisionID: Revision] = [:]
        var instances: [InstanceID: FakeInstance] = [:]
        var slotsInUse: Set<SlotID> = []
        var nextSlot: UInt32 = 1
        var now: Int64 = 1_000_000_000
        var sleepers: [(deadline: Int64, id: Int, wake: CheckedContinuation<Void, any Error>)] = []
        var nextSleeper = 0
        var launchFailure: InstanceFailure?
        var readyFailure: InstanceFailure?
        var insertFails = false
        /// No port accepts until the launch is given up.
        var holdsReady = false
        var collected: [Set<ContentDigest>] = []
        var notes: [InstanceRecord] = []
        var events: [EventRecord] = []
        var namespaces: [NamespaceName: NamespaceRecord] = [:]
        var ids = HostIDs(first: 100_000, ranges: 8)
        /// Ranges that processes of nobody's have.
        var idRangesInUse: Set<Int> = []
        var notices: [InstanceID: @Sendable (ExhaustionNotice) -> Void] = [:]
        var rangeOfInstance: [InstanceID: (function: FunctionKey, range: Int?)] = [:]
        /// Whether SIGTERM ends instances.
        var instancesObey = true
    }

    let state = Mutex(State())

    func with<T: Sendable>(_ body: (inout State) throws -> T) rethrows -> T {
        try state.withLock { try body(&$0) }
    }

    func makeOrchestrator() -> Orchestrator {
        let counter = Counter()
        return Orchestrator(
            sandboxes: self, network: self, images: self, logs: FakeLogs(), store: FakeStore(world: self),
            router: self, time: self,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, makeID: { counter.next() })
    }

    /// Runs the body beside an orchestrator's loop, and closes that.
    func run(_ body: (Orchestrator) async throws -> Void) async throws {
        let orchestrator = makeOrchestrator()
        try await orchestrator.load()
        await orchestrator.resume()
        let loop = Task { await orchestrator.run() }
        try await body(orchestrator)
        await orchestrator.close(deadline: now() + 5_000_000_000)
        await loop.value
    }

    /// Moves the clock and wakes whoever slept until then.
    func advance(by nanoseconds: Int64) {
        let due = with { state in
            state.now += nanoseconds
            let due = state.sleepers.filter { $0.deadline <= state.now }.map(\.wake)
            state.sleepers.removeAll { $0.deadline <= state.now }
            return due
        }
        for wake in due { wake.resume() }
    }

    /// Lets other tasks run until the condition holds; gives up after many turns.
    func eventually(_ condition: @Sendable () async -> Bool) async -> Bool {
        for turn in 0..<6000 {
            if await condition() { return true }
            // On a busy machine the others may not have had theirs in any number of this one's.
            if turn < 1000 { await Task.yield() } else { try? await Task.sleep(for: .milliseconds(1)) }
        }
        return false
    }
}

final class FakeInstance: SandboxedInstance {
    let id: InstanceID
    private let end = AsyncStream<ExitStatus>.makeStream()
    private let log = Mutex<[String]>([])
    var events: [String] { log.withLock { $0 } }
    /// Whether SIGTERM ends it.
    let obeys: Bool

    init(id: InstanceID, obeys: Bool = true) {
        self.id = id
        self.obeys = obeys
    }

    var canFreeze: Bool { true }
    var processID: Int? { 1 }
    func usage() async -> InstanceUsage? { InstanceUsage() }
    func freeze() async throws(InstanceFailure) { log.withLock { $0.append("freeze") } }
    func thaw() throws(InstanceFailure) { log.withLock { $0.append("thaw") } }
    func terminate() {
        log.withLock { $0.append("terminate") }
        if obeys { finish(.code(0)) }
    }
    func kill() {
        log.withLock { $0.append("kill") }
        finish(.signal(9))
    }
    func finish(_ status: ExitStatus) {
        end.continuation.yield(status)
        end.continuation.finish()
    }
    let ownVariables: Set<String> = []
    func start(
        _ process: ProcessStart, ended: @escaping @Sendable (ProcessEnd) -> Void
    ) throws(InstanceFailure) -> UInt32 {
        log.withLock { $0.append("start") }
        ended(.exited(.code(0)))
        return 1
    }
    func signal(_ process: UInt32, _ number: Int32) {}
    func log(_ line: String) {}
    /// What it says that it ran out of.
    let lacks = Mutex<Exhaustion?>(nil)
    func exhausted() -> Exhaustion? { lacks.withLock { $0 } }
    func ended() async -> ExitStatus {
        for await status in end.stream { return status }
        return .unknown
    }
}

struct StoreRefused: Error {}

extension FakeWorld: SandboxPort, NetworkPort, ImagePort, RouterPort, Timekeeper {
    var ids: HostIDs { with { $0.ids } }
    func idRangesInUse() async -> Set<Int> { with { $0.idRangesInUse } }
    func prepare(_ revision: Revision) async throws { with { $0.prepared.append(revision.id) } }
    func forget(_ revision: RevisionID) async { with { $0.prepared.removeAll { $0 == revision } } }
    func launch(_ request: LaunchRequest) async throws(InstanceFailure) -> any SandboxedInstance {
        if let failure = with({ $0.launchFailure }) { throw failure }
        let instance = FakeInstance(id: request.instance, obeys: with { $0.instancesObey })
        with {
            $0.rangeOfInstance[request.instance] = (request.revision.id.function, request.idRange)
            $0.launched.append(request.instance)
            $0.notices[request.instance] = request.notice
            $0.instances[request.instance] = instance
        }
        return instance
    }

    func acquire(_ network: NetworkSpec) async throws(InstanceFailure) -> SlotID {
        with {
            let slot = SlotID($0.nextSlot)
            $0.nextSlot += 1
            $0.slotsInUse.insert(slot)
            return slot
        }
    }
    func release(_ slot: SlotID) { with { _ = $0.slotsInUse.remove(slot) } }
    func waitUntilAccepting(slot: SlotID, port: UInt16, deadline: Int64) async throws {
        if let failure = with({ $0.readyFailure }) { throw failure }
        if with({ $0.holdsReady }) { try await sleep(until: .max) }
    }

    func importContent(_ source: RevisionSource, spec: FunctionSpec) async throws -> ImportedContent {
        ImportedContent(rootfs: ContentDigest(trusted: "sha256:1"), ociConfig: [])
    }
    func collectGarbage(keeping: Set<ContentDigest>) async { with { $0.collected.append(keeping) } }
    func garbage(keeping: Set<ContentDigest>) async -> Reclaimed { Reclaimed() }

    func upsert(_ policy: RoutePolicy) { with { _ = $0.policies.insert(policy.key) } }
    func remove(_ function: FunctionKey) { with { _ = $0.policies.remove(function) } }
    func publish(_ function: FunctionKey, instances: [InstanceHandle]) {
        with {
            $0.published[function] = instances
            $0.publications[function, default: 0] += 1
        }
    }
    func startFailed(_ function: FunctionKey) { with { $0.failures[function, default: 0] += 1 } }

    func now() -> Int64 { with { $0.now } }
    func unixTime() -> Int64 { now() / 1_000_000_000 }
    func unixNanoseconds() -> Int64 { now() }
    func sleep(until deadline: Int64) async throws {
        let id = with { state in
            state.nextSleeper += 1
            return state.nextSleeper
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation {
                (continuation: CheckedContinuation<Void, any Error>) in
                with { state -> Void in
                    if Task.isCancelled {
                        continuation.resume(throwing: CancellationError())
                    } else if deadline <= state.now {
                        continuation.resume()
                    } else {
                        state.sleepers.append((deadline, id, continuation))
                    }
                }
            }
        } onCancel: {
            let sleeper: CheckedContinuation<Void, any Error>? = with { state in
                let index = state.sleepers.firstIndex { $0.id == id }
                return index.map { state.sleepers.remove(at: $0).wake }
            }
            sleeper?.resume(throwing: CancellationError())
        }
    }
}

struct FakeLogs: LogPort {
    func tail(of instance: InstanceID, function: FunctionKey, lines: Int) async -> [String] { ["last words"] }
    func remove(_ function: FunctionKey) async {}
    func removeAll(but known: Set<FunctionKey>) async {}
    func prune(isDryRun: Bool) async -> Reclaimed { Reclaimed() }
}

struct FakeStore: StorePort {
    let world: FakeWorld

    func load() async throws -> [StoredFunction] {
        world.with { state in
            state.records.values.map { record in
                StoredFunction(
                    record: record,
                    revisions: state.revisions.values.filter { $0.id.function == record.key }.sorted {
                        $0.id < $1.id
                    })
            }
        }
    }
    func insert(_ revision: Revision, record: FunctionRecord) async throws {
        try world.with {
            if $0.insertFails { throw StoreRefused() }
            $0.revisions[revision.id] = revision
            $0.records[record.key] = record
        }
    }
    func update(_ record: FunctionRecord) async throws {
        world.with { if $0.records[record.key] != nil { $0.records[record.key] = record } }
    }
    func remove(_ function: FunctionKey) async throws {
        world.with {
            $0.records[function] = nil
            $0.revisions = $0.revisions.filter { $0.key.function != function }
        }
    }
    func removeRevisions(_ revisions: [RevisionID]) async throws {
        world.with { for id in revisions { $0.revisions[id] = nil } }
    }
    func note(_ instance: InstanceRecord, of function: FunctionKey) async {
        world.with { $0.notes.append(instance) }
    }
    func instances(of function: FunctionKey, limit: Int) async throws -> [InstanceRecord] {
        world.with { $0.notes }
    }
    func append(_ events: [EventRecord]) async throws { world.with { $0.events += events } }
    func events(_ query: EventQuery) async throws -> [EventRecord] {
        world.with { Array($0.events.filter(query.matches).suffix(query.limit)) }
    }
    func namespaces() async throws -> [NamespaceRecord] { world.with { Array($0.namespaces.values) } }
    func save(_ namespace: NamespaceRecord) async throws {
        world.with { $0.namespaces[namespace.name] = namespace }
    }
    func remove(_ namespace: NamespaceName) async throws { world.with { $0.namespaces[namespace] = nil } }
    func lastEvent() async throws -> Int64 { world.with { $0.events.last?.number ?? 0 } }
}
