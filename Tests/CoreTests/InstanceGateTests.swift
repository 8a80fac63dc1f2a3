import Core
import Synchronization
import Testing

@Suite struct InstanceGateTests {
    @Test func admitsUpToItsLimit() {
        let gate = InstanceGate(concurrency: 2)
        #expect(gate.enter(now: 1) == .closed)
        gate.open(now: 0)
        #expect(gate.enter(now: 1) == .entered)
        #expect(gate.enter(now: 2) == .entered)
        #expect(gate.enter(now: 3) == .full)
        #expect(gate.leave(now: 4) == .left)
        #expect(gate.enter(now: 5) == .entered)
        #expect(gate.lastUsedAt == 5)
        #expect(gate.served == 3)
    }

    @Test func freezesOnlyWhenIdle() {
        let gate = InstanceGate(concurrency: 0)
        gate.open(now: 0)
        #expect(gate.enter(now: 1) == .entered)
        #expect(!gate.beginFreeze())
        _ = gate.leave(now: 2)
        #expect(gate.beginFreeze())
        #expect(gate.endFreeze(frozen: true))
        #expect(gate.phase == .frozen)
        #expect(gate.enter(now: 3) == .enteredFrozen)
        #expect(gate.enter(now: 3) == .entered)
        #expect(gate.phase == .open)
    }

    @Test func aRequestDuringFreezingWins() {
        let gate = InstanceGate(concurrency: 0)
        gate.open(now: 0)
        #expect(gate.beginFreeze())
        #expect(gate.enter(now: 1) == .entered)
        #expect(!gate.endFreeze(frozen: true))
        #expect(gate.phase == .open)
        #expect(gate.inFlight == 1)
    }

    @Test func whoLooksIntoItKeepsItAwake() {
        let gate = InstanceGate(concurrency: 1)
        #expect(gate.hold(now: 0) == .closed)
        gate.open(now: 0)
        #expect(gate.hold(now: 1) == .held)
        #expect(gate.hold(now: 1) == .held)
        #expect(gate.inFlight == 0 && gate.holds == 2 && gate.phase == .open)
        #expect(!gate.beginFreeze())
        #expect(gate.enter(now: 2) == .entered, "it is no request")
        #expect(gate.enter(now: 2) == .full)
        #expect(gate.leave(now: 3) == .left)
        gate.release(now: 4)
        #expect(!gate.beginFreeze())
        gate.release(now: 5)
        #expect(gate.lastUsedAt == 5)
        #expect(gate.beginFreeze() && gate.endFreeze(frozen: true))
        #expect(gate.hold(now: 6) == .heldFrozen)
        #expect(gate.phase == .open && gate.inFlight == 0)
        gate.release(now: 7)
        // While the freezer works, a hold wins as a request does.
        #expect(gate.beginFreeze())
        #expect(gate.hold(now: 8) == .held)
        #expect(!gate.endFreeze(frozen: true))
        #expect(gate.phase == .open && gate.holds == 1)
        // A drain does not wait for it.
        #expect(gate.enter(now: 9) == .entered)
        #expect(gate.close().inFlight == 1)
        #expect(gate.leave(now: 10) == .drained)
        gate.release(now: 11)
        #expect(gate.holds == 0 && gate.phase == .closed)
    }

    @Test func closingTellsWhoIsLeft() {
        let gate = InstanceGate(concurrency: 0)
        gate.open(now: 0)
        _ = gate.enter(now: 1)
        #expect(gate.close().inFlight == 1)
        #expect(gate.enter(now: 2) == .closed)
        #expect(gate.leave(now: 3) == .drained)
        let idle = InstanceGate(concurrency: 0)
        idle.open(now: 0)
        _ = idle.beginFreeze()
        #expect(idle.close().was == .freezing)
        #expect(!idle.endFreeze(frozen: true))
        #expect(idle.phase == .closed)
    }

    /// Threads enter and leave while another freezes, thaws and at last closes: counts stay exact, and the drain is told
    /// exactly once.
    @Test func holdsUnderContention() async {
        let gate = InstanceGate(concurrency: 0)
        gate.open(now: 0)
        let drained = Count()
        let entered = Count()
        let late = await withTaskGroup(of: Void.self, returning: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for now in 0..<20_000 {
                        if gate.enter(now: Int64(now)) == .closed { return }
                        entered.increment()
                        if gate.leave(now: Int64(now)) == .drained { drained.increment() }
                    }
                }
            }
            group.addTask {
                for _ in 0..<2000 where gate.beginFreeze() { _ = gate.endFreeze(frozen: true) }
            }
            await group.waitForAll()
            return gate.close().inFlight
        }
        #expect(late == 0)
        #expect(drained.value == 0)
        #expect(gate.served == UInt64(entered.value))
    }
}

private final class Count: Sendable {
    private let atomic = Atomic<Int>(0)
    var value: Int { atomic.load(ordering: .relaxed) }
    func increment() { atomic.wrappingAdd(1, ordering: .relaxed) }
}
