import Core
import Orchestrator
import Testing

private let second: Int64 = 1_000_000_000
private let millisecond: Int64 = 1_000_000

@Suite struct FunctionMachineTests {
    @Test func concurrentFirstRequestsShareOneWake() throws {
        var world = try SimulatedFunction(spec: .make())
        for _ in 0..<64 { world.plan(.request, at: 10 * millisecond) }
        world.run(until: 5 * second)
        #expect(world.launches == 1)
        #expect(world.served == 64)
        #expect(world.violations.isEmpty)
    }

    @Test func anIdleInstanceFreezesThenStops() throws {
        var world = try SimulatedFunction(spec: .make())
        world.plan(.request, at: 0)
        world.run(until: 9 * second)
        #expect(world.instances.map(\.visibleState) == [.ready])
        world.run(until: 12 * second)
        #expect(world.instances.map(\.visibleState) == [.frozen])
        world.run(until: 299 * second)
        #expect(world.instances.map(\.visibleState) == [.frozen])
        world.run(until: 302 * second)
        #expect(world.instances.isEmpty)
        world.plan(.request, at: 400 * second)
        world.run(until: 401 * second)
        #expect(world.served == 2)
        #expect(world.launches == 2)
    }

    @Test func aFrozenInstanceIsThawedNotStartedAgain() throws {
        var world = try SimulatedFunction(spec: .make())
        for index in 0..<20 { world.plan(.request, at: Int64(index) * 20 * second) }
        world.run(until: 395 * second)
        #expect(world.served == 20)
        #expect(world.launches == 1)
        #expect(world.thaws == 19)
    }

    @Test func withoutAFreezerItStaysReadyUntilStopAfter() throws {
        var world = try SimulatedFunction(
            spec: .make { $0.scale.stopAfter = .after(.seconds(60)) }, world: .init(canFreeze: false))
        world.plan(.request, at: 0)
        world.run(until: 59 * second)
        #expect(world.instances.map(\.visibleState) == [.ready])
        world.run(until: 62 * second)
        #expect(world.instances.isEmpty)
        #expect(world.freezes == 0)
    }

    @Test func oneMoreInstanceWhenAllAreAtTheirConcurrency() throws {
        var world = try SimulatedFunction(
            spec: .make {
                $0.concurrency = 2
                $0.scale.max = 3
            }, world: .init(serviceTime: second...second))
        for _ in 0..<12 { world.plan(.request, at: 0) }
        world.run(until: 10 * second)
        #expect(world.served == 12)
        #expect(world.highest == 3)
    }

    @Test func oneMoreInstanceAboveTheTarget() throws {
        var world = try SimulatedFunction(
            spec: .make {
                $0.scale.target = 2
                $0.scale.max = 3
            }, world: .init(serviceTime: 5 * second...5 * second))
        for index in 0..<2 { world.plan(.request, at: Int64(index) * second) }
        world.run(until: 3 * second)
        #expect(world.launches == 1)
        for index in 0..<12 { world.plan(.request, at: (4 * second) + Int64(index) * 100 * millisecond) }
        world.run(until: 30 * second)
        #expect(world.served == 14 && world.highest == 3 && world.launches == 3)
        #expect(world.violations.isEmpty)
    }

    /// What never came up is neither what an undo goes back to nor what is taken for unchanged.
    @Test func aRevisionIsProvenByComingUp() throws {
        var world = try SimulatedFunction(spec: .make(), active: nil)
        world.world.startFailureRate = 1
        world.plan(.act(.deployed(try makeRevision(2))), at: second)
        world.run(until: 2 * second)
        #expect(world.machine.record.active == 2 && !world.machine.isProven)
        world.world.startFailureRate = 0
        world.plan(.act(.deployed(try makeRevision(3))), at: 3 * second)
        world.run(until: 4 * second)
        #expect(world.machine.record.active == 3 && world.machine.isProven)
        #expect(world.machine.record.previous == nil && world.machine.record.proven == [3])
    }

    @Test func whatFailedFirstMayComeUpLater() throws {
        var world = try SimulatedFunction(spec: .make(), proven: [])
        world.plan(.request, at: second)
        world.run(until: 2 * second)
        #expect(world.served == 1 && world.machine.isProven)
    }

    /// A crash is laid at the door of the call that broke off, not of the one that had started the instance, whichever of
    /// the two is told first.
    @Test(arguments: [true, false]) func theCallOfACrash(isToldFirst: Bool) throws {
        var world = try SimulatedFunction(spec: .make(), world: .init(canFreeze: false))
        world.plan(.request, at: 0)
        world.run(until: second)
        let id = try #require(world.instances.first?.id)
        let told = FunctionEvent.suspected(id, callID: "last")
        if isToldFirst { world.plan(.act(told), at: 60 * second) }
        world.plan(.crash(id), at: 60 * second + millisecond)
        if !isToldFirst { world.plan(.act(told), at: 60 * second + 2 * millisecond) }
        world.run(until: 61 * second)
        #expect(world.machine.record.lastFailure?.callID == "last")
        #expect(world.machine.record.lastFailure?.phase == .run)
    }

    @Test func aCommandThatFailedIsTheLastFailure() throws {
        var world = try SimulatedFunction(spec: .make())
        world.plan(.request, at: 0)
        world.run(until: second)
        let call = FailedCall(
            function: world.machine.key, callID: "c9", code: "command_failed",
            instance: world.instances.first?.id, end: .exited(.code(3)), untold: 4)
        let effects = world.machine.handle(.callFailed(call, log: ["why"]), now: second, unixTime: 77)
        let failure = try #require(world.machine.record.lastFailure)
        #expect(
            failure.cause == "Exited" && failure.callID == "c9" && failure.at == 77 && failure.log == ["why"])
        let told = effects.compactMap { if case .tell(let event) = $0 { event } else { nil } }
        #expect(told.map(\.kind) == [.refused] && told.first?.message.contains("4 more") == true)
    }

    @Test func minimumInstancesStayReady() throws {
        var world = try SimulatedFunction(spec: .make { $0.scale.min = 2 })
        world.plan(.act(.alarm), at: 0)
        world.run(until: 3600 * second)
        #expect(world.instances.map(\.visibleState) == [.ready, .ready])
        #expect(world.launches == 2)
    }

    @Test func aCrashedMinimumInstanceIsReplaced() throws {
        var world = try SimulatedFunction(spec: .make { $0.scale.min = 1 })
        world.plan(.act(.alarm), at: 0)
        world.run(until: second)
        let id = try #require(world.instances.first?.id)
        world.plan(.crash(id), at: 2 * second)
        world.run(until: 60 * second)
        #expect(world.instances.map(\.visibleState) == [.ready])
        #expect(world.launches == 2)
        #expect(world.machine.record.lastFailure?.cause == "Exited")
    }

    @Test func repeatedStartFailuresBackOff() throws {
        var world = try SimulatedFunction(spec: .make(), world: .init(startFailureRate: 1))
        for index in 0..<3000 { world.plan(.request, at: Int64(index) * 100 * millisecond) }
        world.run(until: 301 * second)
        #expect(world.failed == 3000)
        #expect(world.launches < 20)
        #expect(world.isAccountedFor)
    }

    @Test func redeploySwitchesThenDrains() throws {
        var world = try SimulatedFunction(spec: .make(), world: .init(serviceTime: 2 * second...2 * second))
        world.plan(.request, at: 0)
        world.plan(.act(.deployed(try makeRevision(2))), at: second)
        world.run(until: second + 100 * millisecond)
        let states = Dictionary(uniqueKeysWithValues: world.instances.map { ($0.revision, $0.state) })
        #expect(states == [1: .draining, 2: .ready])
        world.plan(.request, at: second + 200 * millisecond)
        world.run(until: 5 * second)
        #expect(world.served == 2)
        #expect(world.instances.map(\.revision) == [2])
        #expect(world.settled[2] == .some(nil))
        #expect(world.violations.isEmpty)
    }

    @Test func aFailedRedeployLeavesTheOldRevision() throws {
        var world = try SimulatedFunction(spec: .make())
        world.plan(.request, at: 0)
        world.run(until: second)
        world.world.startFailureRate = 1
        world.plan(.act(.deployed(try makeRevision(2))), at: second)
        world.plan(.request, at: 2 * second)
        world.run(until: 3 * second)
        #expect(world.machine.record.active == 1)
        #expect(world.settled[2]??.cause == "NotListening")
        #expect(world.served == 2)
    }

    @Test func aNewerDeployReplacesOneThatIsNotUp() throws {
        var world = try SimulatedFunction(spec: .make(), world: .init(startTime: second...second))
        world.plan(.act(.deployed(try makeRevision(2))), at: 0)
        world.plan(.act(.deployed(try makeRevision(3))), at: second / 2)
        world.run(until: 10 * second)
        #expect(world.settled[2]??.cause == "Superseded")
        #expect(world.settled[3] == .some(nil))
        #expect(world.machine.record.active == 3)
        #expect(world.instances.map(\.revision) == [3])
    }

    @Test func scaleToZeroPutsItToSleepAndARequestWakesIt() throws {
        var world = try SimulatedFunction(spec: .make { $0.scale.min = 2 })
        world.plan(.act(.alarm), at: 0)
        world.plan(.act(.scaled(0)), at: second)
        world.run(until: 2 * second)
        #expect(world.instances.isEmpty)
        world.plan(.request, at: 3 * second)
        world.run(until: 4 * second)
        #expect(world.served == 1)
        world.plan(.act(.scaled(nil)), at: 5 * second)
        world.run(until: 6 * second)
        #expect(world.instances.count == 2)
    }

    @Test func removingDrainsAndThenIsGone() throws {
        var world = try SimulatedFunction(spec: .make(), world: .init(serviceTime: second...second))
        world.plan(.request, at: 0)
        world.plan(.act(.removed), at: second / 2)
        world.run(until: second * 3 / 4)
        #expect(!world.isGone)
        world.run(until: 2 * second)
        #expect(world.isGone)
        #expect(world.served == 1)
        #expect(world.violations.isEmpty)
    }

    @Test func sigtermThatIsIgnoredIsFollowedByAKill() throws {
        var machine = try SimulatedFunction(spec: .make { $0.stopGrace = .seconds(1) }).machine
        var now: Int64 = 0
        func names(_ effects: [FunctionEffect]) -> [String] { effects.map { "\($0)".prefix(4).description } }
        let started = machine.handle(.demand(callID: "x"), now: now, unixTime: 0)
        guard case .launch(let id, _) = started.first else {
            Issue.record("no launch")
            return
        }
        _ = machine.handle(.launched(id, canFreeze: true), now: now, unixTime: 0)
        _ = machine.handle(.ready(id), now: now, unixTime: 0)
        #expect(names(machine.handle(.scaled(0), now: now, unixTime: 0)).contains("term"))
        now = second / 2
        #expect(!names(machine.handle(.alarm, now: now, unixTime: 0)).contains("kill"))
        #expect(machine.nextAlarm(now: now) == second)
        now = second
        #expect(names(machine.handle(.alarm, now: now, unixTime: 0)).contains("kill"))
        #expect(!names(machine.handle(.alarm, now: now, unixTime: 0)).contains("kill"))
    }

    /// Two hours of bursts, pauses, crashes, failing starts, redeploys and scaling by hand, from many seeds.
    @Test(arguments: 0..<40) func noRequestIsLostWhateverHappens(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let spec = FunctionSpec.make {
            $0.concurrency = Int.random(in: 0...4, using: &random)
            $0.scale.max = Int.random(in: 1...6, using: &random)
            $0.scale.min = Int.random(in: 0...1, using: &random)
            $0.scale.stopAfter = .after(.seconds(60))
        }
        var world = try SimulatedFunction(
            spec: spec, world: .init(startFailureRate: 0.05, crashRate: 0.01), seed: UInt64(seed))
        var moment: Int64 = 0
        var number = 1
        while moment < 7200 * second {
            for _ in 0..<Int.random(in: 1...20, using: &random) {
                world.plan(.request, at: moment + Int64.random(in: 0..<(50 * millisecond), using: &random))
            }
            if Int.random(in: 0..<10, using: &random) == 0 {
                number += 1
                world.plan(.act(.deployed(try makeRevision(number, spec))), at: moment)
            }
            if Int.random(in: 0..<20, using: &random) == 0 {
                world.plan(.act(.scaled([nil, 0, 1, 3].randomElement(using: &random) ?? nil)), at: moment)
            }
            moment += Int64.random(in: millisecond...(120 * second), using: &random)
        }
        world.run(until: moment + 3600 * second)
        #expect(world.violations == [])
        #expect(world.isAccountedFor)
        #expect(world.arrived > 100)
        #expect(Double(world.served) > Double(world.arrived) * 0.7)
        world.send(.removed)
        world.run(until: moment + 3700 * second)
        #expect(world.isGone)
    }
}

/// What reviews of interleavings have found, each as it went wrong.
@Suite struct InterleavingTests {
    @Test func aCandidateThatNeverComesUpFailsNobody() throws {
        var world = try SimulatedFunction(spec: .make(), world: .init(startTime: 2 * second...2 * second))
        world.world.startFailureRate = 1
        world.plan(.act(.deployed(try makeRevision(2))), at: 0)
        world.run(until: second)
        world.world.startFailureRate = 0
        world.plan(.request, at: second)
        world.run(until: 10 * second)
        #expect(world.settled[2]??.cause == "NotListening")
        #expect(world.served == 1)
        #expect(world.failed == 0)
    }

    @Test func aClosedGateIsNoRoom() throws {
        var world = try SimulatedFunction(spec: .make())
        world.plan(.request, at: 0)
        world.run(until: second)
        let instance = try #require(world.instances.first)
        _ = instance.gate.close()
        // Dead, and its end not yet told: a demand must neither publish it again nor be due at once.
        let effects = world.machine.handle(.demand(callID: "x"), now: second, unixTime: 1)
        #expect(!effects.contains { if case .publish = $0 { true } else { false } })
        #expect(world.machine.nextAlarm(now: 400 * second) == nil)
    }

    @Test func whatDiesRightAfterItsStartIsHeldBack() throws {
        var world = try SimulatedFunction(spec: .make { $0.scale.min = 1 })
        var crashes = 0
        world.plan(.act(.alarm), at: 0)
        for step in 1...3000 {
            world.run(until: Int64(step) * 100 * millisecond)
            for instance in world.instances where instance.state == .ready {
                crashes += 1
                world.plan(.crash(instance.id), at: world.now + millisecond)
            }
        }
        #expect(crashes < 25)
        #expect(crashes > 5)
    }
}
