import ControlAPI
import Core
import Foundation
import Glibc
import Synchronization
import Testing

extension AcceptanceTests {
    /// kill -9 of the daemon: what it acknowledged is kept, what it left is swept.
    @Suite struct CrashTests {
        @Test func whileFunctionsRun() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello", environment: ["CHILDREN": "2"]) { $0.scale.min = 2 }
                try torpor.deploy("asleep")
                try torpor.putToSleep("asleep")
                if Host.canFreeze {
                    try torpor.deploy("frozen") { $0.scale.freezeAfter = .after(.milliseconds(50)) }
                    try torpor.waitUntil("frozen", is: .frozen)
                }
                let call = Background { try torpor.get("/function/hello/sleep?ms=30000") }
                try becomesTrue("a request in flight") { try torpor.describe("hello").function.inFlight == 1 }
                let old = try torpor.list().flatMap { try torpor.describe($0.name).instances }
                try torpor.kill()
                _ = try? call.wait()
                try torpor.start()
                for instance in old {
                    let pid = try #require(instance.pid)
                    #expect(
                        !Leftovers.isAlive(pid), "\(instance.id) was swept"
                    )
                }
                for name in try torpor.list().map(\.name) {
                    let response = try torpor.get("/function/\(name)")
                    #expect(response.status == 200, "\(name): \(response.text)")
                    #expect(!old.map(\.id.description).contains(response["X-Instance"] ?? ""))
                }
                #expect(try torpor.list().count == (Host.canFreeze ? 3 : 2))
            }
        }

        /// What was in the middle of being made or removed.
        @Test func whatWasHalfDone() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                _ = try torpor.get("/function/hello/log?text=kept")
                try becomesTrue("the line") { try torpor.logs("hello").contains { $0.text == "kept" } }
                #expect(torpor.log.contains("operation=deployFunction"), "it is written down who asked")
                #expect(torpor.log.contains(" uid=\(getuid())") && torpor.log.contains(" pid=\(getpid())"))
                try torpor.kill()
                let files = FileManager.default
                let logs = "\(torpor.stateDirectory)/logs/default"
                try files.copyItem(atPath: "\(logs)/hello", toPath: "\(logs)/ghost")
                let staging = ["backup-staging", "restore-staging"].map { "\(torpor.stateDirectory)/\($0)" }
                for path in staging {
                    try files.createDirectory(atPath: "\(path)/content", withIntermediateDirectories: true)
                    try "half".write(toFile: "\(path)/content/file", atomically: false, encoding: .utf8)
                }
                try torpor.start()
                for path in staging + ["\(logs)/ghost"] {
                    #expect(!files.fileExists(atPath: path), "\(path)")
                }
                #expect(try torpor.logs("hello").contains { $0.text == "kept" })
                try torpor.deploy("ghost")
                #expect(try !torpor.logs("ghost").contains { $0.text == "kept" })
            }
        }

        /// At any moment of a deploy, a wake, a removal.
        @Test func atAnyMoment() throws {
            let seed = seed("TORPOR_SEED", 1)
            var generator = SeededGenerator(seed: seed)
            try TorporFixture.with { torpor in
                try torpor.deploy("steady", environment: ["HELLO": "steady"])
                let known = Acknowledged()
                for round in 0..<12 {
                    let work = Background { try churn(torpor, known, round) }
                    pause(.milliseconds(Int.random(in: 5...400, using: &generator)))
                    try torpor.kill()
                    try work.wait()
                    try torpor.start()
                    let shown = try torpor.list()
                    for (name, wanted) in known.expected {
                        let found = shown.first { $0.name == name }
                        switch wanted {
                        case .gone:
                            try #require(found == nil, "\(name) was removed (seed \(seed), round \(round))")
                        case .there(let number):
                            let response = try torpor.get("/function/\(name)")
                            try #require(
                                response.status == 200,
                                "\(name), seed \(seed), round \(round): \(response.text)")
                            let said = response.text.split(separator: " ").first.flatMap { Int($0) } ?? -1
                            try #require(
                                said >= number, "\(name) answers as \(said), acknowledged was \(number)")
                        case .unknown: break
                        }
                    }
                    try #require(try torpor.get("/function/steady").text.hasPrefix("steady"))
                }
            }
        }
    }
}

/// What the daemon has said is so. What was asked for and not answered may be either way.
private final class Acknowledged: Sendable {
    enum State { case there(Int), gone, unknown }
    private let states = Mutex<[String: State]>([:])

    var expected: [String: State] { states.withLock { $0 } }
    subscript(name: String) -> State? {
        get { states.withLock { $0[name] } }
        set { states.withLock { $0[name] = newValue } }
    }
}

/// Deploys, calls and removes until the daemon is gone.
private func churn(_ torpor: Torpor, _ known: Acknowledged, _ round: Int) throws {
    for step in 0..<1000 {
        let name = "f\(step % 3)"
        let number = round * 1000 + step
        do {
            if step % 7 == 6, known[name] != nil {
                // A removal that was not acknowledged may have happened, and a deploy as well.
                known[name] = .unknown
                try torpor.remove(name)
                known[name] = .gone
            } else {
                if case .gone? = known[name] { known[name] = .unknown }
                try torpor.deploy(name, environment: ["HELLO": "\(number)"])
                known[name] = .there(number)
            }
            _ = try torpor.get("/function/\(name)")
        } catch let error as ControlError where error.kind == .notFound {
            known[name] = .gone
        } catch let error as ControlError where error.kind == .failedToStart {
            throw TestFailure("step \(step): \(error): \(String(describing: error.failure))")
        } catch {
            return
        }
    }
}

/// A number that an environment variable sets, so that a failure can be played again.
func seed(_ name: String, _ usual: UInt64) -> UInt64 {
    ProcessInfo.processInfo.environment[name].flatMap(UInt64.init) ?? usual
}
