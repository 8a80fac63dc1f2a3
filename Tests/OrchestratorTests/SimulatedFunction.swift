import Core
import Orchestrator
import Scaling

/// SplitMix64: the same seed gives the same run everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

extension FunctionSpec {
    static func make(_ change: (inout FunctionSpec) -> Void = { _ in }) -> FunctionSpec {
        var spec = FunctionSpec()
        change(&spec)
        return spec
    }
}

func makeRevision(_ number: Int, _ spec: FunctionSpec = FunctionSpec()) throws -> Revision {
    Revision(
        id: RevisionID(function: try FunctionKey(name: "hello"), number: number), spec: spec,
        source: .rootfs(path: "/r"), rootfs: ContentDigest(trusted: "sha256:0"), ociConfig: [], createdAt: 0)
}

/// One function in a world of its own: a gateway with a queue, instances that start, answer and die, and a clock that
/// jumps from event to event. Checks the promises as it goes.
struct SimulatedFunction {
    struct World {
        var startTime: ClosedRange<Int64> = 1_000_000...30_000_000
        var serviceTime: ClosedRange<Int64> = 100_000...50_000_000
        var startFailureRate = 0.0
        var crashRate = 0.0
        var canFreeze = true
    }

    enum Pending {
        case launched(InstanceID), ready(InstanceID), startFails(InstanceID), frozen(InstanceID)
        case ended(InstanceID, ExitStatus)
        case answer(InstanceID), crash(InstanceID), request, act(FunctionEvent), alarm
    }

    var machine: FunctionMachine
    var world: World
    var random: SeededGenerator
    var now: Int64 = 0
    var agenda: [(at: Int64, order: Int, what: Pending)] = []
    private var order = 0
    private var armed = Int64.max
    private var routed: [InstanceID] = []
    private var gates: [InstanceID: InstanceGate] = [:]
    private var alive: Set<InstanceID> = []
    private var waiting = 0

    var launches = 0, served = 0, failed = 0, broken = 0, freezes = 0, thaws = 0, arrived = 0
    var highest = 0
    var violations: [String] = []
    var settled: [Int: InstanceFailure?] = [:]
    var isGone = false

    init(
        spec: FunctionSpec, world: World = World(), seed: UInt64 = 1, active: Int? = 1,
        proven: Set<Int>? = nil
    ) throws {
        let revision = try makeRevision(1, spec)
        let record = FunctionRecord(
            key: revision.id.function, active: active, latest: 1, settled: 1, manualScale: nil, createdAt: 0,
            lastFailure: nil, proven: proven)
        let counter = Counter()
        machine = FunctionMachine(
            stored: StoredFunction(record: record, revisions: [revision]), makeID: { counter.next() })
        self.world = world
        random = SeededGenerator(seed: seed)
    }

    var instances: [FunctionMachine.Instance] { Array(machine.instances.values) }

    mutating func plan(_ what: Pending, at moment: Int64) {
        order += 1
        // Sorted with the next one last; of one moment, what was planned first comes first.
        var low = 0
        var high = agenda.count
        while low < high {
            let middle = (low + high) / 2
            if agenda[middle].at > moment { low = middle + 1 } else { high = middle }
        }
        agenda.insert((moment, order, what), at: low)
    }

    mutating func send(_ event: FunctionEvent) {
        perform(machine.handle(event, now: now, unixTime: now / 1_000_000_000))
    }

    /// Runs until nothing is planned before `end`.
    mutating func run(until end: Int64) {
        while let next = agenda.last, next.at <= end {
            agenda.removeLast()
            now = max(now, next.at)
            happen(next.what)
            highest = max(
                highest, machine.instances.values.filter { !$0.state.isOver && $0.state != .draining }.count)
        }
        now = end
    }

    private mutating func happen(_ what: Pending) {
        switch what {
        case .launched(let id): send(.launched(id, canFreeze: world.canFreeze))
        case .ready(let id): if alive.contains(id) { send(.ready(id)) }
        case .startFails(let id):
            if alive.contains(id) {
                send(
                    .startFailed(
                        id, InstanceFailure(phase: .ready, cause: "NotListening", message: ""), running: true)
                )
            }
        case .frozen(let id):
            if gates[id]?.endFreeze(frozen: true) == true { freezes += 1 }
            send(.alarm)
        case .ended(let id, let exit):
            guard alive.remove(id) != nil else { return }
            let lost = gates[id]?.inFlight ?? 0
            broken += lost
            agenda.removeAll { if case .answer(id) = $0.what { true } else { false } }
            send(.ended(id, exit, log: []))
        case .answer(let id): answer(id)
        case .crash(let id): happen(.ended(id, .code(1)))
        case .request:
            arrived += 1
            waiting += 1
            drainQueue()
            if waiting > 0 { send(.demand(callID: "c")) }
        case .act(let event): send(event)
        case .alarm:
            armed = .max
            send(.alarm)
        }
        if let alarm = machine.nextAlarm(now: now), alarm < armed {
            armed = alarm
            plan(.alarm, at: alarm)
        }
    }

    private mutating func answer(_ id: InstanceID) {
        guard let gate = gates[id] else { return }
        served += 1
        if gate.leave(now: now) == .drained { send(.drained(id)) }
        drainQueue()
    }

    private func load(of id: InstanceID) -> Int { gates[id]?.inFlight ?? .max }

    /// What the gateway does: the least loaded open instance takes the next request.
    private mutating func drainQueue() {
        while waiting > 0 {
            let open = routed.filter { gates[$0]?.phase != .closed }
            guard let id = open.min(by: { load(of: $0) < load(of: $1) }), let gate = gates[id] else { return }
            switch gate.enter(now: now) {
            case .entered: break
            case .enteredFrozen: thaws += 1
            case .full, .closed: return
            }
            if !alive.contains(id) { violations.append("a request went to an instance that is gone") }
            waiting -= 1
            if gate.inFlight > machine.active?.spec.requestTarget ?? .max { plan(.act(.crowded), at: now) }
            if Double.random(in: 0..<1, using: &random) < world.crashRate {
                plan(.crash(id), at: now + 1_000_000)
            } else {
                plan(.answer(id), at: now + Int64.random(in: world.serviceTime, using: &random))
            }
        }
    }

    private mutating func perform(_ effects: [FunctionEffect]) {
        for effect in effects {
            switch effect {
            case .launch(let id, _):
                launches += 1
                alive.insert(id)
                gates[id] = machine.instances[id]?.gate
                let delay = Int64.random(in: world.startTime, using: &random)
                plan(.launched(id), at: now + delay / 2)
                let fails = Double.random(in: 0..<1, using: &random) < world.startFailureRate
                plan(fails ? .startFails(id) : .ready(id), at: now + delay)
            case .freeze(let id):
                if gates[id]?.inFlight != 0 { violations.append("frozen with a request in flight") }
                plan(.frozen(id), at: now + 20_000)
            case .terminate(let id):
                if let count = gates[id]?.inFlight, count > 0 {
                    violations.append("SIGTERM with \(count) in flight")
                }
                plan(.ended(id, .code(0)), at: now + 1_000_000)
            case .kill(let id): plan(.ended(id, .signal(9)), at: now + 100_000)
            case .publish(let ids):
                routed = ids
                drainQueue()
                if waiting > 0 { plan(.act(.demand(callID: "again")), at: now + 1000) }
            case .failWaiters:
                failed += waiting
                waiting = 0
            case .settled(let number, let failure): settled[number] = failure
            case .gone: isGone = true
            case .save, .note, .tell, .held, .failed, .exhausted, .forget: break
            }
        }
    }

    /// Every request that came is served, told of a failure, cut by a crash, or still under way.
    var isAccountedFor: Bool {
        let inFlight = gates.filter { alive.contains($0.key) }.values.reduce(0) { $0 + $1.inFlight }
        return arrived == served + failed + broken + waiting + inFlight
    }
}

final class Counter: Sendable {
    private let lock = Locked(0)
    func next() -> InstanceID {
        var generator = SeededGenerator(seed: UInt64(lock.increment()))
        return InstanceID(random: &generator)
    }
}
