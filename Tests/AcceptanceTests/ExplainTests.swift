import ControlAPI
import Core
import Foundation
import Testing

extension AcceptanceTests {
    /// Whoever asks the tool why something failed is told, whatever it was that failed.
    @Suite struct ExplainTests {
        /// A function whose first revision does not come up has none that works, and none to go back to.
        @Test func noRevisionEverCameUp() throws {
            try TorporFixture.with { torpor in
                let broken = ["EXIT_CODE": "9"]
                let failure = try torpor.refusal { try torpor.deploy("hello", environment: broken) }
                #expect(failure.failure?.cause == "ExitedEarly")
                #expect(try torpor.describe("hello").function.status == .failed)
                #expect(try torpor.describe("hello").function.revision == nil)
                #expect(try torpor.cli("rollout", "status", "hello").status == 1)
                #expect(try torpor.get("/function/hello").status == 502)
                _ = try torpor.refusal { try torpor.deploy("hello", environment: broken) }
                let undo = try torpor.cli("rollout", "undo", "hello")
                #expect(undo.status == 1 && undo.errors.contains("no revision before"), "\(undo)")
                let explained = try torpor.succeeding("explain", "hello").output
                #expect(
                    explained.contains("hello-00002, did not come up; each request tries"), "\(explained)")

                try torpor.deploy("hello")
                #expect(try torpor.get("/function/hello").status == 200)
                #expect(try torpor.describe("hello").revisions.map(\.state) == [.failed, .failed, .active])
                #expect(try torpor.cli("rollout", "undo", "hello").status == 1)
                // So it stays, over a restart.
                #expect(try torpor.stop() == 0)
                try torpor.start()
                #expect(try torpor.describe("hello").revisions.map(\.state) == [.failed, .failed, .active])
                #expect(try torpor.describe("hello").function.status == .asleep)
            }
        }

        /// What a first revision lacked may come: then it is as good as any.
        @Test func aRevisionThatComesUpLater() throws {
            let shared = try Scratch.makeDirectory("later")
            try TorporFixture.with(configuration: "bind-volumes: [\(shared)]\n") { torpor in
                let rootfs = try Programs.rootfs.get()
                let refused = try torpor.cli(
                    "deploy", "late", "--rootfs", rootfs, "-v", "\(shared):/shared", "--", "/shared/behave")
                #expect(refused.status == 1)
                #expect(try torpor.describe("late").function.status == .failed)
                try FileManager.default.copyItem(atPath: "\(rootfs)/bin/behave", toPath: "\(shared)/behave")
                try becomesTrue("an answer") { try torpor.get("/function/late").status == 200 }
                #expect(try torpor.describe("late").revisions.map(\.state) == [.active])
            }
        }

        /// A failed deploy leaves all as it was, the number of instances by hand too.
        @Test func aFailedDeployKeepsTheScale() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                try torpor.scale("hello", .count(2))
                _ = try torpor.refusal { try torpor.deploy("hello", environment: ["EXIT_CODE": "9"]) }
                #expect(try torpor.describe("hello").function.scale == .count(2))
                try torpor.deploy("hello", environment: ["HELLO": "new"])
                #expect(try torpor.describe("hello").function.scale == .auto)
            }
        }

        @Test func callsThatCameToNothing() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello") { $0.timeout = .milliseconds(300) }
                #expect(
                    try torpor.get("/function/hello/sleep?ms=2000", [("X-Call-Id", "too-late")]).status == 504
                )
                #expect(try torpor.get("/function/hello/garbage", [("X-Call-Id", "rubbish")]).status == 502)
                let cut = try torpor.get("/function/hello/short", [("X-Call-Id", "cut-off")])
                #expect(!cut.isComplete)
                let wanted = [
                    "too-late": "function_timeout", "rubbish": "invalid_response",
                    "cut-off": "response_broken",
                ]
                try becomesTrue("three events") { try refused(torpor, "hello").count == 3 }
                for event in try refused(torpor, "hello") {
                    #expect(event.cause == wanted[event.callID ?? ""], "\(event)")
                    #expect(event.instance != nil && event.revision == "hello-00001")
                }
                let explained = try torpor.succeeding("explain", "hello").output
                #expect(explained.contains("failing: calls that failed within the hour"), "\(explained)")
                #expect(explained.contains("1 function_timeout") && explained.contains("cut-off"))
                let log = torpor.log
                for call in wanted.keys { #expect(log.contains("call=\(call)"), "\(call)") }

                // A function that fails every call fills no log.
                for _ in 0..<40 { _ = try torpor.get("/function/hello/garbage") }
                #expect(try refused(torpor, "hello").count <= 3 + Limits.failedCallsTold)
            }
        }

        /// The call that a crash took along is named, not the one that had started the instance.
        @Test func theCallThatCrashedIt() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                try torpor.putToSleep("hello")
                _ = try torpor.get("/function/hello", [("X-Call-Id", "the-first")])
                _ = try torpor.request(
                    "POST", "/function/hello/crash", [("X-Call-Id", "the-last")], body: [])
                try becomesTrue("the failure") {
                    try torpor.describe("hello").lastFailure?.callID == "the-last"
                }
                #expect(try torpor.describe("hello").lastFailure?.cause == "Signaled")
            }
        }

        @Test func aCommandThatFails() throws {
            try TorporFixture.with { torpor in
                try torpor.deployShell("end", "cat >/dev/null; eval \"$QUERY\"", query: true)
                let call = [("X-Call-Id", "bad-one"), ("X-Script", "echo why >&2; exit 3")]
                #expect(try torpor.get("/function/end", call).status == 500)
                try becomesTrue("the failure") { try torpor.describe("end").lastFailure != nil }
                let failure = try #require(try torpor.describe("end").lastFailure)
                #expect(failure.cause == "Exited" && failure.exit?.code == 3 && failure.callID == "bad-one")
                try becomesTrue("an event") { try refused(torpor, "end").map(\.cause) == ["command_failed"] }
                let explained = try torpor.succeeding("explain", "end").output
                #expect(explained.contains("exited with status 3") && explained.contains("bad-one"))
                #expect(try torpor.describe("end").function.instances.ready == 1, "it lives on")

                try torpor.deployShell("slow", "sleep 1000") { $0.timeout = .milliseconds(200) }
                #expect(try torpor.get("/function/slow").status == 504)
                try becomesTrue("a line") {
                    try torpor.logs("slow").contains { $0.text.contains("the command was killed") }
                }
                try torpor.deployShell("cgi", "echo hello") { $0.cgi = true }
                #expect(try torpor.get("/function/cgi").status == 502)
                try becomesTrue("a line") {
                    try torpor.logs("cgi").contains { $0.text.contains("RFC 3875") }
                }
            }
        }

        @Test func labelsAndAnnotationsAreKept() throws {
            try TorporFixture.with { torpor in
                let manifest = """
                    functions:
                      hello:
                        rootfs: \(try Programs.rootfs.get())
                        command: [/bin/behave]
                        labels: {team: red}
                        annotations: {contact: "ops@example.org"}
                    """
                try torpor.succeeding("apply", "-f", "-", input: manifest)
                let spec = try torpor.describe("hello").spec
                #expect(spec.labels == ["team": "red"] && spec.annotations == ["contact": "ops@example.org"])
                let described = try torpor.succeeding("describe", "hello").output
                #expect(described.contains("team: red") && described.contains("contact: ops@example.org"))
                for wrong in ["topic: cron-function", "schedule: daily", "com.openfaas.scale.zero: on"] {
                    let refused = try torpor.cli(
                        "apply", "-f", "-",
                        input: manifest.replacing("contact: \"ops@example.org\"", with: wrong))
                    #expect(refused.status != 0 && refused.errors.contains("not supported yet"), "\(refused)")
                }
            }
        }

        /// Without a hard limit, `scale.target` says when one more instance is wanted.
        @Test func oneMoreAboveTheTarget() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello") {
                    $0.scale.target = 2
                    $0.scale.max = 3
                }
                var busy: [Connection] = []
                func send(_ count: Int) throws {
                    for _ in 0..<count {
                        let connection = try torpor.connect()
                        try connection.send("GET /function/hello/sleep?ms=20000 HTTP/1.1\r\nHost: h\r\n\r\n")
                        busy.append(connection)
                        try becomesTrue("in flight") {
                            try torpor.describe("hello").function.inFlight == busy.count
                        }
                    }
                }
                try send(2)
                #expect(try torpor.describe("hello").instances.count == 1)
                try send(1)
                try becomesTrue("two instances") {
                    try torpor.describe("hello").function.instances.ready == 2
                }
                try send(2)
                #expect(try torpor.describe("hello").instances.map(\.inFlight).sorted() == [2, 3])
                try send(1)
                try becomesTrue("three instances") {
                    try torpor.describe("hello").function.instances.ready == 3
                }
                let started = try torpor.succeeding("events", "hello", "--kind", "started").output
                #expect(started.contains("scale.target"))
                for connection in busy { connection.reset() }
            }
        }

        private func refused(_ torpor: Torpor, _ name: String) throws -> [EventView] {
            let lines = try torpor.succeeding("events", name, "--kind", "refused", "-o", "json").output
            return try lines.split(separator: "\n").map {
                try ControlCoding.decode(EventView.self, from: Data($0.utf8))
            }
        }
    }
}
