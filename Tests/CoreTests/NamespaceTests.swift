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

/// Which limit it is that leaves no room.
@Suite struct ScarcityTests {
    @Test(arguments: [
        (NamespaceLimits(instances: 2), "instances 2 of 2"),
        (NamespaceLimits(instances: 9, memory: .mebibytes(70)), "memory 64Mi of 70Mi, and it needs 32Mi"),
        (
            NamespaceLimits(instances: 9, cpu: CPUQuantity(millicores: 1100)),
            "cpu 1 of 1100m, and it needs 500m"
        ),
        (
            NamespaceLimits(memory: .mebibytes(70), cpu: CPUQuantity(millicores: 4000)),
            "memory 64Mi of 70Mi, and it needs 32Mi"
        ),
    ])
    func theScarcestIsNamed(limits: NamespaceLimits, words: String) {
        let each = LimitSpec(memory: .mebibytes(32), cpu: CPUQuantity(millicores: 500))
        var usage = NamespaceUsage()
        usage.add(each, times: 2)
        #expect(usage.room(limits, for: each) == 0)
        #expect(usage.scarcest(limits, for: each) == words)
    }
}
