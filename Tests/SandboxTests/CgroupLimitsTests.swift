import Core
import OCI
import Sandbox
import Testing

@Suite struct CgroupLimitsTests {
    private static let all: Set = ["memory", "cpu", "pids", "cpuset"]

    private func settings(
        _ limits: LimitSpec = LimitSpec(), _ change: (inout OCIConfig.Resources) -> Void = { _ in },
        controllers: Set<String>? = all, areBestEffort: Bool = false
    ) throws -> [String: String] {
        var resources = OCIConfig.Resources()
        change(&resources)
        let list = try CgroupLimits(controllers: controllers, areBestEffort: areBestEffort)
            .settings(resources, limits)
        return Dictionary(uniqueKeysWithValues: list.map { ($0.file, $0.value) })
    }

    @Test func `A function's own limits win over its configuration's`() throws {
        var limits = LimitSpec()
        limits.memory = ByteCount(1 << 20)
        limits.cpu = CPUQuantity(millicores: 500)
        limits.pids = 7
        let settings = try settings(limits) {
            $0.memory = OCIConfig.Memory()
            $0.memory?.limit = 1 << 30
            $0.pids = OCIConfig.Pids(limit: 1000)
        }
        #expect(settings["memory.max"] == "1048576")
        #expect(settings["cpu.max"] == "50000 100000")
        #expect(settings["pids.max"] == "7")
    }

    @Test func `A memory limit binds: no swap, and no half of a function that goes on`() throws {
        var limits = LimitSpec()
        limits.memory = ByteCount(1 << 20)
        let bound = try settings(limits)
        #expect(bound["memory.swap.max"] == "0" && bound["memory.oom.group"] == "1")
        let chosen = try settings(limits) {
            $0.memory = OCIConfig.Memory()
            $0.memory?.limit = 1 << 20
            $0.memory?.swap = 3 << 20
        }
        #expect(chosen["memory.swap.max"] == "\(2 << 20)")
        let none = try settings {
            $0.memory = OCIConfig.Memory()
            $0.memory?.limit = -1
        }
        #expect(none["memory.max"] == "max" && none["memory.swap.max"] == nil)
        #expect(none["memory.oom.group"] == nil)
    }

    @Test func `Without a limit on processes there is the default one`() throws {
        #expect(try settings() == ["pids.max": "\(Limits.processes)"])
        #expect(try settings(controllers: nil).isEmpty)
        #expect(try settings(controllers: ["memory"]).isEmpty)
    }

    @Test(arguments: [nil, ["cpu", "pids"]] as [Set<String>?])
    func `A limit that cannot hold is refused by name, or dropped where that was asked for`(
        controllers: Set<String>?
    ) throws {
        var limits = LimitSpec()
        limits.memory = ByteCount(1 << 20)
        let error = #expect(throws: InvalidInput.self) {
            try settings(limits, controllers: controllers)
        }
        #expect(error?.path == "limits.memory")
        let dropped = try settings(limits, controllers: controllers, areBestEffort: true)
        #expect(dropped["memory.max"] == nil && dropped["memory.swap.max"] == nil)
    }

    @Test func `What an instance writes is memory, of which it leaves half`() {
        #expect(LimitSpec().effectiveDisk == Limits.writableLayer)
        #expect(LimitSpec(memory: .mebibytes(64)).effectiveDisk == .mebibytes(32))
        #expect(LimitSpec(memory: .mebibytes(4096)).effectiveDisk == Limits.writableLayer)
        #expect(LimitSpec(memory: .mebibytes(64), disk: .mebibytes(100)).effectiveDisk == .mebibytes(100))
    }
}
