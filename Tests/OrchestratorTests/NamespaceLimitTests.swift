import Core
import Orchestrator
import Testing

/// Limits of a namespace, at deploy and at scale.
@Suite struct NamespaceLimitTests {
    let world = FakeWorld()
    let team: NamespaceName
    let one: FunctionKey
    let two: FunctionKey

    init() throws {
        team = try NamespaceName("team")
        one = try FunctionKey(name: "one", namespace: team)
        two = try FunctionKey(name: "two", namespace: team)
    }

    private func run(
        _ limits: NamespaceLimits, defaults: LimitSpec = LimitSpec(),
        _ body: (Orchestrator) async throws -> Void
    ) async throws {
        try await world.run { orchestrator in
            try await orchestrator.setNamespace(
                NamespaceRecord(name: team, limits: limits, defaults: defaults), mustBeNew: true)
            try await body(orchestrator)
        }
    }

    @discardableResult
    private func deploy(
        _ orchestrator: Orchestrator, _ key: FunctionKey, _ change: (inout FunctionSpec) -> Void = { _ in }
    ) async throws -> DeployOutcome {
        try await orchestrator.deploy(key, source: .rootfs(path: "/r"), spec: .make(change), wait: true)
    }

    /// Where the namespace has room for one instance, somebody wants to look into a function that has none.
    private func visitorOfOneWhileTwoRuns(
        _ orchestrator: Orchestrator
    ) async throws -> Task<HeldInstance, any Error> {
        try await deploy(orchestrator, one)
        try await orchestrator.scale(one, to: 0)
        #expect(await world.eventually { await living(orchestrator, one) == 0 })
        try await deploy(orchestrator, two)
        return Task { [one] in try await orchestrator.hold(one, instance: nil, wakes: true) }
    }

    private func refusal(_ body: () async throws -> Void) async -> String {
        do {
            try await body()
            return "accepted"
        } catch {
            return "\(error)"
        }
    }

    private func living(_ orchestrator: Orchestrator, _ key: FunctionKey) async -> Int {
        await orchestrator.view(of: key)?.instances.values.filter { !$0.state.isOver }.count ?? 0
    }

    @Test func `A namespace that nobody made has no functions`() async throws {
        try await run(NamespaceLimits()) { orchestrator in
            let far = try FunctionKey(name: "one", namespace: try NamespaceName("far"))
            #expect(await refusal { try await deploy(orchestrator, far) }.contains("namespace create far"))
            #expect(await orchestrator.view(of: far) == nil)
            try await deploy(orchestrator, try FunctionKey(name: "one"))
        }
    }

    @Test func `A request waits until another function's instance is gone`() async throws {
        try await run(NamespaceLimits(instances: 1)) { orchestrator in
            try await deploy(orchestrator, one)
            try await orchestrator.scale(one, to: 0)
            #expect(await world.eventually { await living(orchestrator, one) == 0 })
            try await deploy(orchestrator, two)
            let launches = world.with { $0.launched.count }
            orchestrator.demand(one, callID: "a")
            #expect(await world.eventually { await orchestrator.view(of: one)?.lacksRoom == true })
            let unchanged = world.with { $0.launched.count }
            #expect(unchanged == launches)
            let failures = world.with { [one] in $0.failures[one] ?? 0 }
            #expect(failures == 0, "nobody is turned away")
            // Once, however often it is asked again.
            orchestrator.demand(one, callID: "b")
            #expect(await world.eventually { world.with { $0.events.contains { $0.kind == .held } } })
            let held = world.with { $0.events.filter { $0.kind == .held } }
            #expect(held.map(\.callID) == ["a"] && held[0].cause == "NamespaceFull")
            #expect(held[0].message.contains("no room (instances 1 of 1)"), "\(held[0].message)")
            // The gateway hears of the room, and asks again for who still waits.
            let heard = world.with { [one] in $0.publications[one] ?? 0 }
            try await orchestrator.scale(two, to: 0)
            #expect(await world.eventually { world.with { [one] in $0.publications[one] ?? 0 } > heard })
            orchestrator.demand(one, callID: "a")
            #expect(await world.eventually { await living(orchestrator, one) == 1 })
        }
    }

    @Test func `Somebody who looks in waits like a request, and gets in when there is room`() async throws {
        try await run(NamespaceLimits(instances: 1)) { orchestrator in
            let visitor = try await visitorOfOneWhileTwoRuns(orchestrator)
            #expect(await world.eventually { world.with { $0.events.contains { $0.kind == .held } } })
            let held = world.with { $0.events.filter { $0.kind == .held } }
            #expect(held.count == 1 && held[0].callID == nil)
            #expect(held[0].message.hasPrefix("somebody who wants to look into it waits"), "\(held)")
            // What else happens to the function does not make anybody forget that it waits.
            try await orchestrator.scale(one, to: nil)
            #expect(await orchestrator.view(of: one)?.lacksRoom == true)
            try await orchestrator.scale(two, to: 0)
            #expect(await world.eventually { await living(orchestrator, one) == 1 })
            // Ends the wait of one who was not let in, too.
            if await living(orchestrator, one) == 0 { world.advance(by: 61_000_000_000) }
            try await visitor.value.letGo()
            let starts: @Sendable () -> [EventRecord] = {
                world.with { [one] in $0.events.filter { $0.kind == .started && $0.function == one } }
            }
            #expect(await world.eventually { starts().count == 2 })
            #expect(starts().last?.message == "somebody wanted to look into it")
            #expect(starts().last?.callID == nil)
        }
    }

    @Test func `Who gets in nowhere is told of the room that is missing`() async throws {
        try await run(NamespaceLimits(instances: 1)) { orchestrator in
            let visitor = try await visitorOfOneWhileTwoRuns(orchestrator)
            #expect(await world.eventually { await orchestrator.view(of: one)?.lacksRoom == true })
            world.advance(by: 61_000_000_000)
            await #expect(throws: CommandError.notWoken(one, nil, lacksRoom: true)) {
                try await visitor.value
            }
        }
    }

    @Test func `Kept instances come when there is room for them`() async throws {
        try await run(NamespaceLimits(instances: 2)) { orchestrator in
            try await deploy(orchestrator, one) { $0.scale.min = 1 }
            try await deploy(orchestrator, two)
            #expect(await refusal { try await orchestrator.scale(one, to: 3) }.contains("at most 2"))
            try await orchestrator.scale(one, to: 2)
            #expect(await world.eventually { await orchestrator.view(of: one)?.lacksRoom == true })
            #expect(await living(orchestrator, one) == 1)
            try await orchestrator.scale(two, to: 0)
            #expect(await world.eventually { await living(orchestrator, one) == 2 })
        }
    }

    @Test func `A redeploy may take the place of what is there, a new function may not`() async throws {
        try await run(NamespaceLimits(functions: 2, instances: 1)) { orchestrator in
            try await deploy(orchestrator, one)
            guard case .deployed(let id) = try await deploy(orchestrator, one, { $0.port = 81 }) else {
                Issue.record("not deployed")
                return
            }
            #expect(id.number == 2)
            let held = world.with { $0.events.filter { $0.kind == .held } }
            #expect(held.isEmpty, "the new one came up, whatever the limit")
            #expect(await refusal { try await deploy(orchestrator, two) }.contains("runs 1 instance ("))
            try await orchestrator.scale(one, to: 0)
            #expect(await world.eventually { await living(orchestrator, one) == 0 })
            try await deploy(orchestrator, two)
            let three = try FunctionKey(name: "three", namespace: team)
            #expect(
                await refusal { try await deploy(orchestrator, three) }.contains("has 2 functions, its limit")
            )
            #expect(
                await refusal { try await deploy(orchestrator, one) { $0.scale.min = 2 } }.contains(
                    "no room for 2"))
        }
    }

    @Test func `Defaults are for what names nothing`() async throws {
        let defaults = LimitSpec(memory: .mebibytes(8), pids: 9)
        try await run(NamespaceLimits(memory: .mebibytes(20)), defaults: defaults) { orchestrator in
            try await deploy(orchestrator, one)
            #expect(await orchestrator.view(of: one)?.active?.spec.limits == defaults)
            try await deploy(orchestrator, two) { $0.limits.memory = .mebibytes(12) }
            let usage = try #require(await orchestrator.namespaceViews().last?.usage)
            #expect(usage.functions == 2 && usage.instances == 2 && usage.memory == 20 << 20)
            try await orchestrator.setNamespace(
                NamespaceRecord(name: team, limits: NamespaceLimits(memory: .mebibytes(20))), mustBeNew: false
            )
            #expect(await refusal { try await deploy(orchestrator, one) }.contains("limits.memory"))
        }
    }

    @Test func `Only an empty namespace is removed`() async throws {
        try await run(NamespaceLimits()) { orchestrator in
            try await deploy(orchestrator, one)
            let remove: @Sendable () async throws -> Void = { [team] in
                try await orchestrator.removeNamespace(team) {}
            }
            await #expect(throws: CommandError.inUse([one])) { try await remove() }
            try await orchestrator.remove(one)
            #expect(await world.eventually { (try? await remove()) != nil })
            await #expect(throws: CommandError.unknownNamespace(team)) { try await remove() }
            let isEmpty = world.with { $0.namespaces.isEmpty }
            #expect(isEmpty)
            #expect(
                await refusal { try await orchestrator.removeNamespace(.default) {} }.contains("always there")
            )
        }
    }
}
