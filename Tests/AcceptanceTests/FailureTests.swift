import ControlAPI
import Core
import Foundation
import Glibc
import Testing

extension AcceptanceTests {
    /// Functions that do not do what they should: what the deploy says, what callers get, what `describe` remembers.
    @Suite struct FailureTests {
        @Test(arguments: [
            (["/bin/nothing"], "CommandNotFound"), (["/bin/plain"], "NotExecutable"),
            (["/tmp"], "NotExecutable"),
        ])
        func aCommandThatCannotRun(command: [String], cause: String) throws {
            try TorporFixture.with { torpor in
                let error = try torpor.refusal { try torpor.deploy("broken") { $0.command = command } }
                #expect(error.kind == .failedToStart)
                #expect(error.failure?.cause == cause, "\(error)")
                #expect(error.message.contains(command[0]), "\(error.message)")
                #expect(try torpor.describe("broken").lastFailure?.cause == cause)
                #expect(try torpor.get("/function/broken").status == 502)
            }
        }

        @Test func aCommandThatExitsAtOnce() throws {
            try TorporFixture.with { torpor in
                let error = try torpor.refusal { try torpor.deploy("brief", environment: ["EXIT_CODE": "7"]) }
                #expect(error.kind == .failedToStart)
                let failure = try #require(error.failure)
                #expect(failure.cause == "ExitedEarly")
                #expect(failure.exit?.code == 7)
                #expect(failure.log.contains { $0.contains("exiting with 7") }, "\(failure.log)")
                let response = try torpor.get("/function/brief", [("X-Call-Id", "the-one-call")])
                #expect(response.status == 502)
                #expect(response.text.contains("the-one-call"))
                #expect(!response.text.contains("exiting"), "the reason is not for the Internet")
                let detail = try torpor.describe("brief")
                #expect(detail.lastFailure?.cause == "ExitedEarly")
                #expect(detail.lastFailure?.callID == "the-one-call")
                #expect(detail.past.contains { $0.exit?.code == 7 })
                // The same again is tried again, and what it lacked may come.
                let again = try torpor.refusal { try torpor.deploy("brief", environment: ["EXIT_CODE": "7"]) }
                #expect(again.failure?.cause == "ExitedEarly")
                try torpor.deploy("brief")
                #expect(try torpor.get("/function/brief").status == 200)
            }
        }

        @Test func aFunctionThatNeverListens() throws {
            try TorporFixture.with { torpor in
                let clock = ContinuousClock()
                let begin = clock.now
                let error = try torpor.refusal {
                    try torpor.deploy("mute", environment: ["LISTEN": "never"]) {
                        $0.startTimeout = .milliseconds(700)
                    }
                }
                #expect(error.failure?.cause == "NotListening")
                #expect(error.failure?.phase == .ready)
                #expect(error.message.contains("8080"), "\(error.message)")
                #expect(error.failure?.log.contains { $0.contains("starting") } == true)
                #expect(try torpor.get("/function/mute").status == 502)
                #expect(clock.now - begin < .seconds(5))
            }
        }

        @Test func aFunctionThatListensLate() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("late", environment: ["LISTEN_DELAY_MS": "800", "BIND": "127.0.0.1"])
                try torpor.putToSleep("late")
                let response = try torpor.get("/function/late")
                #expect(response.status == 200)
                #expect(response.warmth == "cold")
                #expect(try #require(response.timing("start")) > 700)
            }
        }

        /// The earlier revision goes on when a new one does not come up.
        @Test func aFailedRedeployChangesNothing() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello", environment: ["HELLO": "first"])
                let error = try torpor.refusal { try torpor.deploy("hello", environment: ["EXIT_CODE": "3"]) }
                #expect(error.kind == .failedToStart)
                let view = try torpor.describe("hello").function
                #expect(view.revision == "hello-00001")
                #expect(view.latestRevision == "hello-00002")
                #expect(try torpor.get("/function/hello").text.hasPrefix("first"))
                try torpor.putToSleep("hello")
                #expect(try torpor.get("/function/hello").text.hasPrefix("first"))
            }
        }

        @Test(arguments: ["crash", "exit", "close", "garbage"])
        func anAnswerThatIsNone(path: String) throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                for _ in 0..<2 {
                    let response = try torpor.get("/function/hello/\(path)")
                    #expect(response.status == 502, "\(response.text)")
                    #expect(response["X-Call-Id"] != nil)
                    let next = try torpor.get("/function/hello/ok")
                    #expect(next.status == 200, "the function is there again: \(next.text)")
                }
                if path == "crash" {
                    let failure = try #require(try torpor.describe("hello").lastFailure)
                    #expect(failure.cause == "Signaled")
                    #expect(failure.exit?.signal == Int(SIGABRT))
                }
            }
        }

        @Test(arguments: ["short", "crash-mid"])
        func anAnswerThatBreaksOff(path: String) throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                let connection = try torpor.connect()
                try connection.send(requestHead("GET", "/function/hello/\(path)"))
                let response = try connection.response()
                #expect(response.status == 200)
                #expect(!response.isComplete, "the client sees that it broke off")
                #expect(response.text == "only this")
                #expect(connection.receiveAll().isEmpty, "and no second answer after it")
                #expect(try torpor.get("/function/hello").status == 200)
            }
        }

        @Test func aFunctionThatTakesTooLong() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello") { $0.timeout = .milliseconds(300) }
                let response = try torpor.get("/function/hello/sleep?ms=3000")
                #expect(response.status == 504)
                #expect(response.text.contains("function_timeout"))
                #expect(try torpor.get("/function/hello").status == 200)
                try torpor.deploy("hello") { $0.timeout = .seconds(5) }
                #expect(
                    try torpor.get("/function/hello/sleep?ms=600").status == 200, "the new revision's time")
            }
        }

        @Test func aFunctionThatIgnoresSIGTERM() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("stubborn", environment: ["IGNORE_TERM": "1", "CHILDREN": "3"]) {
                    $0.stopGrace = .milliseconds(600)
                }
                let pid = try #require(try torpor.instance(of: "stubborn").pid)
                let clock = ContinuousClock()
                let begin = clock.now
                try torpor.scale("stubborn", .count(0))
                try becomesTrue("its end", within: .seconds(3)) {
                    !Leftovers.isAlive(pid)
                }
                #expect(clock.now - begin >= .milliseconds(500), "it had its grace")
                #expect(try torpor.get("/function/stubborn").warmth == "cold")
            }
        }

        @Test func killedFromOutside() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello", environment: ["CHILDREN": "2"])
                for victim in ["torpor-init", "the function"] {
                    let pid = try #require(try torpor.instance(of: "hello").pid)
                    let target =
                        victim == "torpor-init"
                        ? pid_t(pid)
                        : try #require(Leftovers.processes().first { $0.parent == pid_t(pid) }?.pid)
                    let before = try torpor.instance(of: "hello").id
                    // Whether it was read already, nobody can tell: what may not be done twice is not sent again.
                    let call = Background { try torpor.request("POST", "/function/hello/sleep?ms=5000") }
                    try becomesTrue("a request in flight") {
                        try torpor.describe("hello").function.inFlight == 1
                    }
                    #expect(Glibc.kill(target, SIGKILL) == 0)
                    #expect(try call.wait().status == 502, "\(victim)")
                    let next = try torpor.get("/function/hello")
                    #expect(next.status == 200, "\(victim)")
                    #expect(next["X-Instance"] != before.description)
                    // The new one may be there before the end of the old one is written down.
                    try becomesTrue("the end of what it ran") {
                        try !Leftovers.isAlive(pid) && torpor.describe("hello").instances.count == 1
                    }
                }
            }
        }

        /// kill -9 of torpor-init or of the function at any moment of a launch: 502 or an answer, then it works again.
        @Test func killedDuringALaunch() throws {
            var generator = SeededGenerator(seed: seed("TORPOR_SEED", 1))
            try TorporFixture.with { torpor in
                try torpor.deploy("hello", environment: ["LISTEN_DELAY_MS": "5"])
                for round in 0..<30 {
                    try torpor.putToSleep("hello")
                    let call = Background { try torpor.get("/function/hello") }
                    pause(.milliseconds(Int.random(in: 0...25, using: &generator)))
                    let all = Leftovers.processes()
                    let inits = all.filter { $0.parent == torpor.pid }.map(\.pid)
                    let functions = all.filter { inits.contains($0.parent) }.map(\.pid)
                    for victim in round % 2 == 0 ? inits : functions { _ = Glibc.kill(victim, SIGKILL) }
                    let status = try call.wait().status
                    #expect([200, 502].contains(status), "round \(round): \(status)")
                    try becomesTrue("an answer in round \(round)") {
                        try torpor.get("/function/hello").status == 200
                    }
                }
            }
        }

        /// Starts that fail in a row are not tried over and over.
        @Test func failingStartsBackOff() throws {
            try TorporFixture.with { torpor in
                _ = try torpor.refusal { try torpor.deploy("broken", environment: ["EXIT_CODE": "1"]) }
                let responses = try (0..<30).map { _ in try torpor.get("/function/broken") }
                #expect(responses.allSatisfy { $0.status == 502 })
                #expect(try torpor.describe("broken").past.count < 12)
            }
        }
    }
}
