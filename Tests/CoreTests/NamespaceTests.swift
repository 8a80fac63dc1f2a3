import Core
import Testing

@Suite struct NamespaceRoomTests {
    @Test func `Room is what the tightest limit leaves`() {
        var usage = NamespaceUsage()
        usage.add(LimitSpec(memory: .mebibytes(100), cpu: CPUQuantity(millicores: 500)), times: 2)
        let each = LimitSpec(memory: .mebibytes(50), cpu: CPUQuantity(millicores: 250))
        #expect(usage.room(NamespaceLimits(), for: each) == .max)
        #expect(usage.room(NamespaceLimits(instances: 5), for: each) == 3)
        #expect(usage.room(NamespaceLimits(instances: 1), for: each) == 0)
        #expect(usage.room(NamespaceLimits(instances: 5, memory: .mebibytes(299)), for: each) == 1)
        #expect(usage.room(NamespaceLimits(cpu: CPUQuantity(millicores: 2000)), for: each) == 4)
        #expect(usage.room(NamespaceLimits(memory: .mebibytes(300)), for: LimitSpec()) == .max)
    }
}
