import ControlAPI
import Core
import Foundation
import Glibc
import Testing

extension AcceptanceTests {
    @Suite struct LogTests {
        @Test func linesWithStreamAndTime() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                _ = try torpor.get("/function/hello/log?text=to+stdout")
                _ = try torpor.get("/function/hello/log?text=to+stderr&stream=stderr")
                try becomesTrue("both lines") { try torpor.logs("hello").count >= 3 }
                let lines = try torpor.logs("hello")
                #expect(lines.map(\.text).suffix(2) == ["to stdout", "to stderr"])
                #expect(lines.map(\.stream).suffix(2) == [.stdout, .stderr])
                #expect(lines.first?.text == "starting hello")
                #expect(lines.map(\.at) == lines.map(\.at).sorted())
                #expect(try torpor.logs("hello", query: "?tail=1").map(\.text) == ["to stderr"])

                let table = try torpor.succeeding("logs", "hello", "--tail", "2").output
                #expect(
                    table.contains("to stdout") && table.contains("to stderr") && !table.contains("starting"))
            }
        }

        @Test func followed() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                let (output, errors) = ("\(torpor.directory)/followed", "\(torpor.directory)/followed.err")
                let follower = try torpor.startCLI(["logs", "-f", "hello"], output: output, errors: errors)
                try becomesTrue("what was there") { Host.text(output).contains("starting hello") }
                for number in 0..<5 {
                    _ = try torpor.get("/function/hello/log?text=line-\(number)-end")
                    try becomesTrue("line \(number)") { Host.text(output).contains("line-\(number)-end") }
                }
                try torpor.remove("hello")
                #expect(try follower.wait() == 0, "it ends with the function")
            }
        }

        /// Its log is bounded, and other functions do not notice.
        @Test func aFloodSlowsOnlyItself() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("quiet")
                try torpor.deploy("loud", environment: ["FLOOD": "1"])
                let clock = ContinuousClock()
                let begin = clock.now
                var slowest = Duration.zero
                while clock.now - begin < .seconds(3) {
                    let start = clock.now
                    try #require(try torpor.get("/function/quiet").status == 200)
                    slowest = max(slowest, clock.now - start)
                }
                #expect(slowest < .seconds(1))
                #expect(try torpor.get("/function/loud").status == 200)
                let bound = (Limits.logFiles + 1) * Limits.logFileBytes
                #expect(directoryBytes("\(torpor.stateDirectory)/logs") < 2 * bound)
                #expect(residentBytes(torpor.pid) < 400 << 20)
                #expect(try torpor.logs("loud", query: "?tail=3").count == 3)
            }
        }

        @Test func linesOfEveryKind() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                _ = try torpor.get("/function/hello/log?text=%ff%fe+%1b[31m+%e2%82%ac")
                _ = try torpor.get("/function/hello/log?text=\(String(repeating: "y", count: 3000))")
                _ = try torpor.get("/function/hello/log?text=last")
                try becomesTrue("the last") { try torpor.logs("hello").last?.text == "last" }
                let lines = try torpor.logs("hello").map(\.text)
                #expect(lines.contains { $0.contains("€") && $0.contains("\u{fffd}") })
                #expect(lines.contains(String(repeating: "y", count: 3000)))
                let shown = try torpor.succeeding("logs", "hello").output
                #expect(!shown.contains("\u{1b}"), "no control characters reach a terminal")
            }
        }
    }
}

func directoryBytes(_ path: String) -> Int {
    guard let all = FileManager.default.enumerator(atPath: path) else { return 0 }
    return all.compactMap { $0 as? String }.reduce(0) { sum, name in
        let attributes = try? FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")
        return sum + (attributes?[.size] as? Int ?? 0)
    }
}
