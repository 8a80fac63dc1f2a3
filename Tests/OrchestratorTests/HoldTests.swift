import Core
import Orchestrator
import Testing

private let second: Int64 = 1_000_000_000

/// People who look into instances.
@Suite struct HoldTests {
    let world = FakeWorld()
    let key: FunctionKey

    init() throws { key = try FunctionKey(name: "hello") }

    private func run(
        _ change: (inout FunctionSpec) -> Void = { _ in }, _ body: (Orchestrator) async throws -> Void
    ) async throws {
        try await world.run { orchestrator in
            let source = RevisionSource.rootfs(path: "/r")
            _ = try await orchestrator.deploy(key, source: source, spec: .make(change), wait: true)
            try await body(orchestrator)
        }
        #expect(world.with { $0.slotsInUse }.isEmpty)
    }

    private func comes(_ condition: @Sendable () async -> Bool) async {
        #expect(await world.eventually(condition))
    }

    private func events(_ held: HeldInstance) -> [String] {
        world.with { $0.instances[held.id]?.events ?? [] }
    }

    @Test func aHeldInstanceIsNeitherFrozenNorStopped() async throws {
        try await run { orchestrator in
            let held = try await orchestrator.hold(key, instance: nil, wakes: true)
            for _ in 0..<20 {
                world.advance(by: 30 * second)
                for _ in 0..<100 { await Task.yield() }
            }
            #expect(events(held).isEmpty)
            held.letGo()
            // Past freezeAfter and far from stopAfter, whenever the orchestrator looks.
            world.advance(by: 11 * second)
            await comes { events(held).contains("freeze") }
        }
    }

    @Test func aFrozenOneIsThawed() async throws {
        try await run { orchestrator in
            let first = try await orchestrator.hold(key, instance: nil, wakes: true)
            first.letGo()
            world.advance(by: 11 * second)
            await comes { first.handle.gate.phase == .frozen }
            let held = try await orchestrator.hold(key, instance: first.id, wakes: false)
            #expect(held.handle.gate.phase == .open)
            #expect(events(held).suffix(2) == ["freeze", "thaw"])
            held.letGo()
        }
    }

    @Test func whatSleepsIsWokenIfThatIsWanted() async throws {
        try await run { orchestrator in
            try await orchestrator.scale(key, to: 0)
            await comes { await orchestrator.view(of: key)?.instances.isEmpty == true }
            await #expect(throws: CommandError.asleep(key)) {
                try await orchestrator.hold(key, instance: nil, wakes: false)
            }
            let held = try await orchestrator.hold(key, instance: nil, wakes: true)
            #expect(world.with { $0.launched.count } == 2)
            held.letGo()
            world.with {
                $0.launchFailure = InstanceFailure(phase: .create, cause: "NoSlot", message: "none")
            }
            try await orchestrator.scale(key, to: 0)
            await comes { await orchestrator.view(of: key)?.instances.isEmpty == true }
            await #expect(throws: CommandError.self) {
                try await orchestrator.hold(key, instance: nil, wakes: true)
            }
        }
    }

    @Test func anEndIsExplained() async throws {
        try await run { orchestrator in
            let held = try await orchestrator.hold(key, instance: nil, wakes: true)
            #expect(held.ending == nil)
            try await orchestrator.scale(key, to: 0)
            await comes { await orchestrator.view(of: key)?.instances.isEmpty == true }
            #expect(held.ending == "somebody scaled the function down")
            let unknown = try FunctionKey(name: "nobody")
            await #expect(throws: CommandError.unknownFunction(unknown)) {
                try await orchestrator.hold(unknown, instance: nil, wakes: true)
            }
            await #expect(throws: CommandError.noSuchInstance(key, held.id, nil)) {
                try await orchestrator.hold(key, instance: held.id, wakes: true)
            }
            held.letGo()
            held.letGo()
        }
    }
}
