import Core
import Orchestrator
import Synchronization
import Testing

private let second: Int64 = 1_000_000_000

@Suite struct OrchestratorTests {
    let world = FakeWorld()
    let key: FunctionKey

    init() throws { key = try FunctionKey(name: "hello") }

    /// Runs the body beside the orchestrator's loop, then closes it and requires that nothing is left.
    private func run(_ body: (Orchestrator) async throws -> Void) async throws {
        try await world.run(body)
        let slots = world.with { $0.slotsInUse }
        #expect(slots.isEmpty)
    }

    private func deploy(_ orchestrator: Orchestrator, _ change: (inout FunctionSpec) -> Void = { _ in })
        async throws
        -> DeployOutcome
    {
        try await orchestrator.deploy(key, source: .rootfs(path: "/r"), spec: .make(change), wait: true)
    }

    private func comes(
        _ condition: @Sendable () async -> Bool, _ location: SourceLocation = #_sourceLocation
    ) async {
        if !(await world.eventually(condition)) {
            Issue.record("it did not come about", sourceLocation: location)
        }
    }

    private var record: FunctionRecord? { world.with { [key] in $0.records[key] } }
    private var launches: Int { world.with { $0.launched.count } }
    private var published: Int { world.with { [key] in $0.published[key]?.count ?? 0 } }

    @Test func aDeployIsUpWhenItReturns() async throws {
        try await run { orchestrator in
            guard case .deployed(let id) = try await deploy(orchestrator) else {
                Issue.record("not deployed")
                return
            }
            #expect(id.number == 1)
            #expect(published == 1)
            #expect(record?.active == 1)
        }
    }

    @Test func theSameDeployAgainChangesNothing() async throws {
        try await run { orchestrator in
            _ = try await deploy(orchestrator)
            guard case .unchanged(let id) = try await deploy(orchestrator) else {
                Issue.record("a new revision was made")
                return
            }
            #expect(id.number == 1)
            #expect(launches == 1)
        }
    }

    @Test func aSleepingFunctionWakesOnDemand() async throws {
        try await run { orchestrator in
            _ = try await deploy(orchestrator)
            try await orchestrator.scale(key, to: 0)
            await comes { published == 0 }
            orchestrator.demand(key, callID: "a")
            orchestrator.demand(key, callID: "b")
            await comes { published == 1 }
            #expect(launches == 2)
        }
    }

    @Test func idleTimeFreezesAndStops() async throws {
        try await run { orchestrator in
            _ = try await deploy(orchestrator)
            let instance = try #require(world.with { $0.instances.values.first })
            world.advance(by: 11 * second)
            await comes { instance.events == ["freeze"] }
            await comes { await orchestrator.view(of: key)?.instances.values.first?.visibleState == .frozen }
            world.advance(by: 300 * second)
            await comes { instance.events.contains("terminate") }
            await comes { await orchestrator.view(of: key)?.instances.isEmpty ?? false }
        }
    }

    @Test func whatARequestHasThawedFreezesAgain() async throws {
        try await run { orchestrator in
            _ = try await deploy(orchestrator)
            let instance = try #require(world.with { $0.instances.values.first })
            let published = world.with { [key] in $0.published[key]?.first }
            let handle = try #require(published)
            for round in 1...3 {
                world.advance(by: 11 * second)
                await comes { instance.events.filter { $0 == "freeze" }.count == round }
                await comes { handle.gate.phase == .frozen }
                #expect(handle.gate.enter(now: world.now()) == .enteredFrozen)
                orchestrator.thawed(instance.id)
                _ = handle.gate.leave(now: world.now())
                // Its alarm is set once the message has come.
                await comes {
                    world.with { state in
                        state.sleepers.contains { $0.deadline < state.now + 11 * second }
                    }
                }
            }
        }
    }

    @Test func aDeployThatFailsSaysWhyAndLeavesTheOldOne() async throws {
        try await run { orchestrator in
            _ = try await deploy(orchestrator)
            world.with {
                $0.readyFailure = InstanceFailure(phase: .ready, cause: "NotListening", message: "no")
            }
            guard case .failed(_, let failure) = try await deploy(orchestrator, { $0.port = 9000 }) else {
                Issue.record("it did not fail")
                return
            }
            #expect(failure.cause == "NotListening")
            #expect(failure.log == ["last words"])
            #expect(published == 1)
            #expect(record?.active == 1)
        }
    }

    @Test func whatTheStoreRefusesIsNotDeployed() async throws {
        try await run { orchestrator in
            world.with { $0.insertFails = true }
            await #expect(throws: StoreRefused.self) { try await deploy(orchestrator) }
            let known = await orchestrator.view(of: key) != nil
            #expect(!known)
            #expect(launches == 0)
        }
    }

    @Test func aRemovedFunctionIsGoneAndItsNameIsFree() async throws {
        try await run { orchestrator in
            _ = try await deploy(orchestrator)
            try await orchestrator.remove(key)
            #expect(record == nil)
            await #expect(throws: CommandError.unknownFunction(key)) { try await orchestrator.remove(key) }
            guard case .deployed(let id) = try await deploy(orchestrator) else {
                Issue.record("not deployed")
                return
            }
            #expect(id.number == 1)
        }
    }

    @Test func anUnfinishedRolloutGoesOnAfterARestart() async throws {
        let revision = try makeRevision(1)
        world.with {
            $0.revisions[revision.id] = revision
            $0.records[revision.id.function] = FunctionRecord(
                key: revision.id.function, active: nil, latest: 1, settled: 0, manualScale: nil, createdAt: 0,
                lastFailure: nil)
        }
        try await run { _ in
            await comes { published == 1 }
            await comes { record?.active == 1 }
        }
    }

    @Test func aCrashIsRememberedWithItsLog() async throws {
        try await run { orchestrator in
            _ = try await deploy(orchestrator)
            world.with { $0.instances.values.first }?.finish(.oomKilled)
            await comes { record?.lastFailure?.cause == "OOMKilled" }
            #expect(record?.lastFailure?.log == ["last words"])
            await comes { published == 0 }
        }
    }

    /// An instance that has run out of something may live on; its users learn it all the same.
    @Test func anExhaustionIsToldOnce() async throws {
        try await run { orchestrator in
            _ = try await deploy(orchestrator)
            let (id, notice) = try #require(world.with { $0.notices.first })
            notice(ExhaustionNotice(.pids, "no more processes"))
            await comes { record?.lastFailure?.cause == "PidsExhausted" }
            #expect(record?.lastFailure?.instance == id && record?.lastFailure?.log == ["last words"])
            #expect(published == 1)
            await comes {
                world.with { $0.events.contains { $0.kind == .exhausted && $0.cause == "PidsExhausted" } }
            }
            #expect(await orchestrator.lifeCounts.exhaustions == ["PidsExhausted": 1])
        }
    }

    @Test func anExhaustionExplainsAnEnd() async throws {
        try await run { orchestrator in
            _ = try await deploy(orchestrator)
            let instance = try #require(world.with { $0.instances.values.first })
            instance.lacks.withLock { $0 = .disk }
            instance.finish(.code(1))
            await comes { record?.lastFailure?.cause == "DiskQuota" }
            #expect(record?.lastFailure?.message.contains("exited with status 1") == true)
            #expect(await orchestrator.lifeCounts.crashes == ["DiskQuota": 1])
        }
    }
}

/// What reviews of interleavings have found, each as it went wrong.
@Suite struct OrchestratorInterleavingTests {
    let world = FakeWorld()
    let key: FunctionKey

    init() throws { key = try FunctionKey(name: "hello") }

    @Test func aSlotIsKeptUntilTheLastRequestHasLeft() async throws {
        let orchestrator = world.makeOrchestrator()
        let loop = Task { await orchestrator.run() }
        _ = try await orchestrator.deploy(key, source: .rootfs(path: "/r"), spec: FunctionSpec(), wait: true)
        let first = world.with { [key] in $0.published[key]?.first }
        let handle = try #require(first)
        #expect(handle.gate.enter(now: 1) == .entered)
        world.with { $0.instances[handle.id] }?.finish(.signal(9))
        let isGone = await world.eventually { await orchestrator.view(of: key)?.instances.isEmpty ?? false }
        #expect(isGone)
        let isUsed = world.with { $0.slotsInUse.contains(handle.slot) }
        #expect(isUsed, "a late request would reach the slot's next owner")
        #expect(handle.gate.leave(now: 2) == .drained)
        orchestrator.drained(handle.id)
        let isFree = await world.eventually { !world.with { $0.slotsInUse.contains(handle.slot) } }
        #expect(isFree)
        await orchestrator.close(deadline: world.now() + second)
        await loop.value
    }

    @Test func whoWaitsForARolloutIsToldOfTheEnd() async throws {
        let orchestrator = world.makeOrchestrator()
        let loop = Task { await orchestrator.run() }
        world.with { $0.holdsReady = true }
        let deploy = Task { [key] in
            try await orchestrator.deploy(key, source: .rootfs(path: "/r"), spec: FunctionSpec(), wait: true)
        }
        let hasStarted = await world.eventually { world.with { $0.launched.count } > 0 }
        #expect(hasStarted)
        await orchestrator.announceClosing()
        guard case .failed(_, let failure) = try await deploy.value else {
            Issue.record("it did not fail")
            return
        }
        #expect(failure.cause == "Closing")
        await orchestrator.close(deadline: world.now() + second)
        await loop.value
    }

    @Test func whatCouldNotBeStoredIsForgottenByTheSandbox() async throws {
        let orchestrator = world.makeOrchestrator()
        let loop = Task { await orchestrator.run() }
        world.with { $0.insertFails = true }
        await #expect(throws: StoreRefused.self) {
            try await orchestrator.deploy(key, source: .rootfs(path: "/r"), spec: FunctionSpec(), wait: true)
        }
        let prepared = world.with { $0.prepared }
        #expect(prepared.isEmpty)
        await orchestrator.close(deadline: .max)
        await loop.value
    }
}
