import Core
import Orchestrator
import Testing

/// Which of the host's ids functions get.
@Suite struct IDRangeTests {
    let world = FakeWorld()

    private func run(_ body: (Orchestrator) async throws -> Void) async throws {
        try await world.run { orchestrator in
            try await body(orchestrator)
            for instance in world.with({ $0.instances.values }) { instance.finish(.code(0)) }
        }
    }

    private func deploy(_ name: String, _ orchestrator: Orchestrator, port: Int = 8080) async throws -> Int? {
        let key = try FunctionKey(name: name)
        _ = try await orchestrator.deploy(
            key, source: .rootfs(path: "/r"), spec: .make { $0.port = port }, wait: true)
        let stored = world.with { $0.records[key] }
        #expect(stored?.idRange == (await orchestrator.view(of: key)?.record.idRange))
        return stored?.idRange
    }

    /// Ends one instance of a function, and waits until that is known.
    private func finish(_ id: InstanceID) async {
        let before = world.with { $0.slotsInUse.count }
        world.with { $0.instances[id] }?.finish(.signal(9))
        let isOver = await world.eventually { world.with { $0.slotsInUse.count } < before }
        #expect(isOver)
    }

    @Test func `Each function has the lowest free range, and its revisions have it, too`() async throws {
        try await run { (orchestrator) async throws in
            #expect(try await deploy("a", orchestrator) == 0)
            #expect(try await deploy("b", orchestrator) == 1)
            #expect(try await deploy("a", orchestrator, port: 9000) == 0)
            try await orchestrator.remove(try FunctionKey(name: "a"))
            let isGone = await world.eventually { world.with { $0.slotsInUse.count } == 1 }
            #expect(isGone)
            #expect(try await deploy("c", orchestrator) == 0)
            let launches = world.with {
                $0.rangeOfInstance.values.map { "\($0.function.name)\($0.range ?? -1)" }
            }
            #expect(Set(launches) == ["a0", "b1", "c0"])
        }
    }

    @Test func `A range is nobody else's while an instance drains`() async throws {
        world.with { $0.instancesObey = false }
        try await run { (orchestrator) async throws in
            #expect(try await deploy("a", orchestrator) == 0)
            let instance = try #require(world.with { $0.launched.first })
            try await orchestrator.remove(try FunctionKey(name: "a"))
            #expect(try await deploy("b", orchestrator) == 1)
            await finish(instance)
            #expect(try await deploy("c", orchestrator) == 0)
        }
    }

    @Test func `What any process of the host has is given to nobody`() async throws {
        world.with { $0.idRangesInUse = [0, 1, 3] }
        try await run { (orchestrator) async throws in
            #expect(try await deploy("a", orchestrator) == 2)
            #expect(try await deploy("b", orchestrator) == 4)
        }
    }

    @Test func `When there is none left, a deploy is refused and changes nothing`() async throws {
        world.with { $0.ids = HostIDs(first: 100_000, ranges: 2) }
        try await run { (orchestrator) async throws in
            #expect(try await deploy("a", orchestrator) == 0)
            #expect(try await deploy("b", orchestrator) == 1)
            await #expect(throws: CommandError.noFreeIDs(HostIDs(first: 100_000, ranges: 2))) {
                try await deploy("c", orchestrator)
            }
            let key = try FunctionKey(name: "c")
            #expect(world.with { $0.records[key] == nil && !$0.prepared.contains { $0.function == key } })
            #expect(try await deploy("b", orchestrator, port: 9000) == 1)
        }
    }

    @Test func `Where all have the same ids, there is no end of them`() async throws {
        world.with { $0.ids = HostIDs(first: 100_000, ranges: 1) }
        try await run { (orchestrator) async throws in
            #expect(try await deploy("a", orchestrator) == 0)
            #expect(try await deploy("b", orchestrator) == 1)
        }
    }

    /// An older version gave none, and a host with fewer ids has no range 9.
    @Test(arguments: [nil, 9]) func `A function without a range of this host's gets one when deployed again`(
        range: Int?
    ) async throws {
        let revision = try makeRevision(1)
        let key = revision.id.function
        world.with {
            $0.revisions[revision.id] = revision
            $0.records[key] = FunctionRecord(
                key: key, active: 1, latest: 1, settled: 1, manualScale: nil, createdAt: 0, lastFailure: nil,
                idRange: range)
        }
        try await run { (orchestrator) async throws in
            #expect(try await deploy("hello", orchestrator, port: 9000) == 0)
            #expect(try await deploy("other", orchestrator) == 1)
        }
    }

    /// Deploys, removals and slow ends in any order.
    @Test(arguments: 1...10) func `No two functions ever have a range in common`(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        world.with { $0.instancesObey = false }
        try await run { (orchestrator) async throws in
            var deployed: [String: Int] = [:]
            /// Of functions that were removed.
            var draining: [InstanceID: Int] = [:]
            for step in 0..<120 {
                switch Int.random(in: 0..<4, using: &random) {
                case 0, 1:
                    let taken = Set(draining.values).union(deployed.values)
                    let expected = (0..<8).first { !taken.contains($0) }
                    if let expected {
                        #expect(try await deploy("f\(step)", orchestrator) == expected, "step \(step)")
                        deployed["f\(step)"] = expected
                    } else {
                        await #expect(throws: CommandError.self) {
                            try await deploy("f\(step)", orchestrator)
                        }
                    }
                case 2:
                    guard let name = deployed.keys.sorted().randomElement(using: &random) else { break }
                    let key = try FunctionKey(name: name)
                    let instance = world.with { $0.rangeOfInstance.first { $0.value.function == key }?.key }
                    draining[try #require(instance)] = deployed.removeValue(forKey: name)
                    try await orchestrator.remove(key)
                default:
                    guard let id = draining.keys.sorted().randomElement(using: &random) else { break }
                    await finish(id)
                    draining[id] = nil
                }
            }
        }
    }
}
