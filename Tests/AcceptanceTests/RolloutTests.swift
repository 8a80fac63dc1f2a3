import ControlAPI
import Core
import Foundation
import Testing

extension AcceptanceTests {
    /// `torpor rollout`, `events`, `wait` and `explain`.
    @Suite struct RolloutTests {
        @Test func backToWhatRanBefore() throws {
            try TorporFixture.with { torpor in
                let none = try torpor.cli("rollout", "undo", "hello")
                #expect(none.status == 1 && none.errors.contains("no function 'hello"))
                try torpor.deploy("hello", environment: ["HELLO": "one"])
                let early = try torpor.cli("rollout", "undo", "hello")
                #expect(early.status == 1 && early.errors.contains("no revision before"), "\(early)")
                try torpor.deploy("hello", environment: ["HELLO": "two"])

                // The earlier revision runs although its folder may be gone: it is the revision's own copy.
                #expect(try torpor.succeeding("rollout", "undo", "hello").output.contains("hello-00003"))
                #expect(try torpor.get("/function/hello").text.hasPrefix("one"))
                try torpor.succeeding("rollout", "undo", "hello")
                #expect(try torpor.get("/function/hello").text.hasPrefix("two"))
                #expect(try torpor.succeeding("rollout", "undo", "hello", "--to", "1").status == 0)
                #expect(try torpor.get("/function/hello").text.hasPrefix("one"))
                let unknown = try torpor.cli("rollout", "undo", "hello", "--to", "77")
                #expect(unknown.status == 1 && unknown.errors.contains("1, 2, 3, 4, 5"), "\(unknown)")

                let history = try torpor.succeeding("rollout", "history", "hello").output
                #expect(history.contains("hello-00005") && history.contains("environment.HELLO"))
                let json = try torpor.succeeding("rollout", "history", "hello", "-o", "json")
                #expect(try json.value("revisions", 4, "state") as String == "active")
                #expect(try torpor.succeeding("rollout", "status", "hello").output.contains("takes requests"))
            }
        }

        /// What did not come up is not what an undo goes back to, and the way back is open.
        @Test func aFailedRolloutIsToldAndUndone() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello", environment: ["HELLO": "good"])
                _ = try torpor.refusal { try torpor.deploy("hello", environment: ["EXIT_CODE": "9"]) }
                let status = try torpor.cli("rollout", "status", "hello")
                #expect(status.status == 1)
                #expect(status.errors.contains("hello-00002 did not come up; hello-00001 goes on"))
                let explained = try torpor.succeeding("explain", "hello").output
                #expect(explained.contains("did not come up") && explained.contains("exiting with 9"))
                let undone = try torpor.succeeding("rollout", "undo", "hello")
                #expect(undone.output.contains("hello-00003 takes requests"), "\(undone)")
                #expect(try torpor.get("/function/hello").text.hasPrefix("good"))
                try torpor.deploy("hello", environment: ["HELLO": "better"])
                try torpor.succeeding("rollout", "undo", "hello")
                #expect(try torpor.get("/function/hello").text.hasPrefix("good"))
                #expect(
                    try torpor.succeeding("rollout", "status", "hello", "-o", "json").value("state") as String
                        == "active")
            }
        }

        @Test func eventsTellALife() throws {
            try TorporFixture.with { torpor in
                let (output, errors) = ("\(torpor.directory)/events", "\(torpor.directory)/events.err")
                let follower = try torpor.startCLI(["events", "-f"], output: output, errors: errors)
                try torpor.deploy("hello") { $0.scale.freezeAfter = .after(.milliseconds(100)) }
                if Host.canFreeze {
                    try torpor.waitUntil("hello", is: .frozen)
                    _ = try torpor.get("/function/hello")
                }
                try torpor.putToSleep("hello")
                _ = try torpor.get("/function/hello", [("X-Call-Id", "the-call")])
                _ = try torpor.get("/function/hello/crash")
                _ = try torpor.refusal { try torpor.deploy("broken", environment: ["EXIT_CODE": "9"]) }
                try torpor.remove("hello")
                try becomesTrue("the last event") { Host.text(output).contains("removed") }
                #expect(follower.exit == nil)

                let lines = try torpor.succeeding("events", "hello", "-o", "json").output.split(
                    separator: "\n")
                let events = try lines.map { try ControlCoding.decode(EventView.self, from: Data($0.utf8)) }
                let kinds = events.map(\.kind.rawValue)
                var wanted = [
                    "deployed", "started", "activated", "froze", "woke", "scaled", "stopped", "started",
                ]
                wanted += ["failed", "removed"]
                if !Host.canFreeze { wanted.removeAll { $0 == "froze" || $0 == "woke" } }
                var rest = wanted[...]
                for kind in kinds where kind == rest.first { rest = rest.dropFirst() }
                #expect(rest.isEmpty, "\(rest) is missing in \(kinds)")
                #expect(events.map(\.number) == events.map(\.number).sorted())
                let cold = events.first { $0.callID == "the-call" }
                #expect(cold?.kind == .started && (cold?.milliseconds ?? 0) > 0)
                #expect(events.first { $0.kind == .stopped }?.cause == "ScaledDown")
                #expect(events.first { $0.kind == .failed }?.cause == "Signaled")

                let told = try torpor.succeeding("events", "hello").output
                #expect(
                    told.contains("  hello-00001 is brought up") && !told.contains("hello-00001: hello-00001")
                )
                let failed = try torpor.succeeding("events", "--kind", "failed").output
                #expect(failed.contains("broken") && failed.contains("ExitedEarly"))
                try torpor.succeeding("namespace", "create", "other")
                #expect(
                    try torpor.succeeding("events", "--namespace", "other").output == "no events\n")
                #expect(try torpor.stop() == 0)
                #expect(try follower.wait() == 0, "it ends with the daemon")

                // They are remembered.
                try torpor.start()
                #expect(try torpor.succeeding("events", "hello").output.contains("removed"))
                try torpor.deploy("hello")
                let again = try torpor.succeeding("events", "--tail", "1", "-o", "json")
                #expect(try again.value("number") as Int > Int(events.last?.number ?? 0))
            }
        }

        @Test func waiting() throws {
            try TorporFixture.with { torpor in
                let nobody = try torpor.cli("wait", "nobody", "--for", "ready")
                #expect(nobody.status == 1 && nobody.errors.contains("nobody"))
                try torpor.deploy("hello")
                #expect(try torpor.succeeding("wait", "hello", "--for", "ready").output.contains("ready"))
                let late = try torpor.cli("wait", "hello", "--for", "zero", "--timeout", "200ms")
                #expect(late.status == 1)
                #expect(late.errors.contains("within 200ms: it is ready"), "\(late)")
                let waiter = Background {
                    try torpor.succeeding("wait", "hello", "--for", "zero", "-o", "json")
                }
                try torpor.putToSleep("hello")
                #expect(try waiter.wait().value("condition") as String == "zero")
                let gone = Background { try torpor.succeeding("wait", "hello", "--for", "gone") }
                try torpor.remove("hello")
                #expect(try gone.wait().output.contains("gone"))
                if Host.canFreeze {
                    try torpor.deploy("cool") { $0.scale.freezeAfter = .after(.milliseconds(100)) }
                    try torpor.succeeding("wait", "cool", "--for", "frozen")
                }
            }
        }

        @Test func whyItIsAsItIs() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello") {
                    $0.scale.freezeAfter = .after(.milliseconds(50))
                    $0.scale.stopAfter = .after(.milliseconds(100))
                }
                try torpor.waitUntil("hello", is: .asleep)
                let asleep = try torpor.succeeding("explain", "hello").output
                #expect(asleep.contains("nobody called it for 100ms (scale.stopAfter)"), "\(asleep)")
                #expect(asleep.contains("-> the next request starts one"))
                _ = try torpor.get("/function/hello", [("X-Call-Id", "slow-one")])
                let cold = try torpor.succeeding("explain", "hello").output
                #expect(
                    cold.contains("cold: the last cold start was") && cold.contains("slow-one"), "\(cold)")
                _ = try torpor.get("/function/hello/crash")
                try becomesTrue("the failure") { try torpor.describe("hello").lastFailure != nil }
                let failing = try torpor.succeeding("explain", "hello", "-o", "json")
                #expect(try failing.value("findings", 0, "topic") as String == "failing")
                #expect(try failing.value("lastFailure", "cause") as String == "Signaled")
                #expect(try torpor.cli("explain", "helo").errors.contains("did you mean 'hello'"))
                try torpor.deploy("calm")
                #expect(try torpor.succeeding("explain", "calm").output.contains("nothing is wrong"))
            }
        }
    }
}
