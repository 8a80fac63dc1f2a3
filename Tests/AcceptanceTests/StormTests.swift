import ControlAPI
import Core
import Foundation
import Glibc
import Testing

extension AcceptanceTests {
    /// 10,000 requests of 64 clients, each with a nonce of its own and 0 to 1 MB of body each way, while the function is
    /// frozen, stopped, redeployed and scaled at random: none is lost, none is answered wrongly, nothing is left.
    ///
    /// TORPOR_STORM is the share of the full storm (1 by default), TORPOR_SEED plays one again.
    @Suite struct StormTests {
        private static let share =
            ProcessInfo.processInfo.environment["TORPOR_STORM"].flatMap(Double.init) ?? 1

        @Test(.needsFreezer) func nothingIsLost() throws { try storm(canFreeze: true) }

        @Test(.enabled(if: !Host.canFreeze, "the storm is whole where there is a cgroup freezer"))
        func nothingIsLostWithoutFreezer() throws { try storm(canFreeze: false) }

        private func storm(canFreeze: Bool) throws {
            let seed = seed("TORPOR_SEED", UInt64(Date().timeIntervalSince1970))
            let plan = StormPlan(share: Self.share, canFreeze: canFreeze)
            let clock = ContinuousClock()
            let begin = clock.now
            try TorporFixture.with { torpor in
                try torpor.deploy("storm", adjust: StormPlan.adjust)
                let load = try StormLoad(torpor, seed: seed)
                defer { load.end() }
                var generator = SeededGenerator(seed: seed)
                var counts = StormCounts()
                for event in plan.events(&generator) {
                    try run(event, torpor, load, &counts, &generator)
                    let tally = load.tally
                    try #require(
                        tally.lost == 0 && tally.wrong == 0,
                        "seed \(seed), \(counts), \(tally):\n\(load.errors)")
                }
                // What happened may be less than what was ordered: a stop that found nothing to stop.
                while load.tally.frozen < plan.freezes {
                    try run(.freeze, torpor, load, &counts, &generator)
                }
                while load.tally.instances < plan.stops {
                    try run(.stop, torpor, load, &counts, &generator)
                }
                while load.tally.good < plan.requests { try load.round(64, window: 5) }
                let tally = load.tally
                #expect(tally.lost == 0 && tally.wrong == 0)
                #expect(tally.good >= plan.requests)
                #expect(tally.frozen >= plan.freezes, "woken from the freezer")
                #expect(tally.instances >= plan.stops, "each stop needs another instance")
                #expect(counts.redeployed >= plan.redeploys)
                try torpor.scale("storm", .count(0))
                try becomesTrue("zero") { try torpor.describe("storm").function.instances.total == 0 }
                #expect(try torpor.info().slots.used == 0)
                FileHandle.standardError.write(
                    Data("storm: \(clock.now - begin), seed \(seed), \(counts), \(tally)\n".utf8))
            }
        }

        /// One event, with a burst of requests before, during or after it.
        private func run(
            _ event: StormPlan.Event, _ torpor: Torpor, _ load: StormLoad, _ counts: inout StormCounts,
            _ generator: inout SeededGenerator
        ) throws {
            let burst =
                Int.random(in: 0..<25, using: &generator) == 0
                ? 64 : Int.random(in: 1...12, using: &generator)
            let window = Int.random(in: 0...20, using: &generator)
            let delay = Int.random(in: 0...25, using: &generator)
            if event == .freeze {
                try becomesTrue("a frozen function") {
                    let status = try torpor.describe("storm").function.status
                    // After a stop it must be woken first.
                    if status == .asleep { try load.round(1, window: 0) }
                    return status == .frozen
                }
                counts.frozen += 1
                try load.round(burst, window: window)
                return
            }
            let number = Int.random(in: 1...4, using: &generator)
            let change = Background {
                pause(.milliseconds(delay))
                switch event {
                case .stop: try torpor.scale("storm", .count(0))
                case .redeploy:
                    try torpor.deploy(
                        "storm", environment: ["HELLO": "\(number) \(delay)"], adjust: StormPlan.adjust)
                case .scale:
                    try torpor.scale("storm", .count(number))
                    pause(.milliseconds(20))
                    try torpor.scale("storm", .auto)
                case .freeze: break
                }
            }
            try load.round(burst, window: window)
            try change.wait()
            switch event {
            case .stop: counts.stopped += 1
            case .redeploy: counts.redeployed += 1
            case .scale: counts.scaled += 1
            case .freeze: break
            }
        }
    }
}

private struct StormCounts: Sendable {
    var frozen = 0
    var stopped = 0
    var redeployed = 0
    var scaled = 0
}

/// How much of everything.
private struct StormPlan {
    enum Event: Sendable { case freeze, stop, redeploy, scale }

    let requests: Int
    let freezes: Int
    let stops: Int
    let redeploys: Int

    init(share: Double, canFreeze: Bool) {
        requests = Int(10_000 * share)
        freezes = canFreeze ? Int(500 * share) : 0
        stops = Int(500 * share)
        redeploys = Int(100 * share)
    }

    func events(_ generator: inout SeededGenerator) -> [Event] {
        let all =
            Array(repeating: Event.freeze, count: freezes) + Array(repeating: .stop, count: stops)
            + Array(repeating: .redeploy, count: redeploys) + Array(repeating: .scale, count: redeploys)
        return all.shuffled(using: &generator)
    }

    static func adjust(_ spec: inout FunctionSpec) {
        spec.scale.freezeAfter = .after(.milliseconds(10))
        spec.scale.stopAfter = .after(.seconds(3))
        spec.scale.max = 4
        spec.concurrency = 24
    }
}

/// What became of the requests so far, as the client tells it.
private struct StormTally: CustomStringConvertible, Sendable {
    let numbers: [Int]
    var good: Int { numbers[0] }
    var lost: Int { numbers[1] }
    var wrong: Int { numbers[2] }
    var frozen: Int { numbers[4] }
    var instances: Int { numbers[6] }

    var description: String {
        "\(good) answered, \(lost) lost, \(wrong) wrong; \(numbers[3]) cold, \(frozen) frozen, \(numbers[5]) warm; "
            + "\(instances) instances; slowest \(numbers[7]) ms"
    }
}

/// The client program: told of each round by one pipe, telling what became of it by another.
private final class StormLoad {
    private let process: ChildProcess
    private let commands: FileHandle
    private let results: FileHandle
    private let errorPath: String
    private(set) var tally = StormTally(numbers: Array(repeating: 0, count: 8))

    var errors: String { String(Host.text(errorPath).prefix(6000)) }

    init(_ torpor: Torpor, seed: UInt64) throws {
        let (input, output) = ("\(torpor.directory)/storm.in", "\(torpor.directory)/storm.out")
        errorPath = "\(torpor.directory)/storm.err"
        guard mkfifo(input, 0o600) == 0, mkfifo(output, 0o600) == 0,
            let commands = FileHandle(forUpdatingAtPath: input),
            let results = FileHandle(forUpdatingAtPath: output)
        else { throw TestFailure("no pipes to the client") }
        (self.commands, self.results) = (commands, results)
        process = try ChildProcess(
            Programs.storm.get(), ["\(torpor.port)", "storm", "64", "\(1 << 20)", "\(seed)"], input: input,
            output: .file(output), errors: .file(errorPath))
    }

    func round(_ count: Int, window: Int) throws {
        try commands.write(contentsOf: Data("\(count) \(window)\n".utf8))
        var line = Data()
        while line.last != 10 {
            guard let byte = try results.read(upToCount: 1), !byte.isEmpty else {
                throw TestFailure("the client ended")
            }
            line += byte
        }
        let numbers = String(decoding: line.dropLast(), as: UTF8.self).split(separator: " ").compactMap {
            Int($0)
        }
        guard numbers.count == 8 else { throw TestFailure("the client said \(line)") }
        tally = StormTally(numbers: numbers)
    }

    func end() {
        process.signal(SIGKILL)
        _ = try? process.wait()
        try? commands.close()
        try? results.close()
    }
}
