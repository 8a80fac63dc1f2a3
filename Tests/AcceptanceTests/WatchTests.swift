import ControlAPI
import Core
import Foundation
import Glibc
import Testing

extension AcceptanceTests {
    /// Looking at what runs: `stats`, `logs` of several functions and of what is gone, and readers that are slow.
    @Suite struct WatchTests {
        @Test func whatInstancesUse() throws {
            try TorporFixture.with { torpor in
                #expect(try torpor.succeeding("stats", "--once").output.contains("no instances"))
                try torpor.deploy("hello")
                try torpor.succeeding("namespace", "create", "team")
                try torpor.deploy("other.team")
                _ = try torpor.get("/function/hello")
                let json = try torpor.succeeding("stats", "hello", "--interval", "200ms", "-o", "json")
                let rows: [Any] = try json.value("instances")
                #expect(rows.count == 1)
                #expect(try json.value("instances", 0, "stats", "name") as String == "hello")
                #expect(try json.value("instances", 0, "stats", "served") as Int == 1)
                #expect(try json.value("instances", 0, "stats", "memoryBytes") as Int > 4096)
                #expect(try json.value("instances", 0, "stats", "pids") as Int >= 2, "torpor-init and behave")
                #expect(try json.value("instances", 0, "stats", "receivedBytes") as Int >= 0)
                let percent: Double = try json.value("instances", 0, "cpuPercent")
                #expect(percent < 50)
                let processor: Int = try json.value("instances", 0, "stats", "cpuMicroseconds")
                // Of processes it is counted in hundredths of a second.
                let source: String = try json.value("instances", 0, "stats", "sources", "cpu")
                #expect(processor > (source == "cgroup" ? 0 : -1))
                // Where the numbers come from is told, and is what the host offers.
                let controllers = try torpor.info().cgroup.controllers
                for (number, controller) in [("memory", "memory"), ("pids", "pids"), ("io", "io")] {
                    let source: String = try json.value("instances", 0, "stats", "sources", number)
                    #expect(
                        source == (controllers.contains(controller) ? "cgroup" : "processes"), "\(number)")
                }
                let table = try torpor.succeeding("stats", "--once", "--interval", "100ms").output
                #expect(table.contains("hello ") && table.contains("other.team"))
                let sources: [String: Any] = try json.value("instances", 0, "stats", "sources")
                let isSummed = sources.values.contains { $0 as? String == "processes" }
                #expect(table.contains("\n* summed over processes") == isSummed, "\(table)")
                let unknown = try torpor.cli("stats", "helo")
                #expect(unknown.status == 1 && unknown.errors.contains("did you mean 'hello'"))
            }
        }

        @Test func logsOfSeveralFunctionsByTime() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("one")
                try torpor.deploy("three")
                for number in 0..<6 {
                    _ = try torpor.get(
                        "/function/\(number % 2 == 0 ? "one" : "three")/log?text=line-\(number)")
                }
                try becomesTrue("the last line") { try torpor.logs("three").last?.text == "line-5" }
                try becomesTrue("the one before") { try torpor.logs("one").last?.text == "line-4" }
                let text = try torpor.succeeding("logs", "one", "three", "--tail", "6").output
                #expect(
                    text.split(separator: "\n").map(String.init)
                        == (0..<6).map { "\($0 % 2 == 0 ? "one  " : "three") | line-\($0)" })
                let json = try torpor.succeeding("logs", "one", "three", "--tail", "1", "-o", "json")
                #expect(try json.value("function") as String == "three.default")

                let (output, errors) = ("\(torpor.directory)/both", "\(torpor.directory)/both.err")
                let follower = try torpor.startCLI(
                    ["logs", "-f", "one", "three"], output: output, errors: errors)
                try becomesTrue("what was there") { Host.text(output).contains("three | line-5") }
                _ = try torpor.get("/function/one/log?text=later")
                try becomesTrue("what came") { Host.text(output).contains("one   | later") }
                try torpor.remove("one")
                try torpor.remove("three")
                #expect(try follower.wait() == 0)
            }
        }

        @Test func logsOfWhatIsGone() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                _ = try torpor.get("/function/hello/log?text=of+the+first")
                let first = try torpor.instance(of: "hello").id
                try torpor.putToSleep("hello")
                _ = try torpor.get("/function/hello/log?text=of+the+second")
                try becomesTrue("both") { try torpor.logs("hello").contains { $0.text == "of the second" } }
                let gone = try torpor.succeeding("logs", "hello", "--instance", "\(first)").output
                #expect(gone.contains("of the first") && !gone.contains("second"))
                let unknown = try torpor.cli("logs", "hello", "--instance", "0123456789ab")
                #expect(unknown.status == 1 && unknown.errors.contains("torpor describe hello"), "\(unknown)")
                pause(.milliseconds(1100))
                let old = try torpor.succeeding("logs", "hello", "--since", "1s").output
                #expect(old.isEmpty, "\(old)")
                _ = try torpor.get("/function/hello/log?text=just+now")
                try becomesTrue("the last") { try torpor.logs("hello").last?.text == "just now" }
                let moment = try #require(try torpor.logs("hello").last?.at)
                for since in ["\(moment)", "1h"] {
                    let late = try torpor.succeeding("logs", "hello", "--since", since).output
                    #expect(late.hasSuffix("just now\n"), "\(since): \(late)")
                    #expect(late.contains("second") == (since == "1h"), "\(since): \(late)")
                }
            }
        }

        /// Tens of thousands of lines a second for somebody who does not read: neither the daemon's memory nor anybody's
        /// requests pay for it, and the reader is told what it missed.
        @Test func aSlowReaderOfAFlood() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("loud", environment: ["FLOOD": "1"])
                let before = residentBytes(torpor.pid)
                let reader = try Connection.unix(torpor.socket)
                let path = ControlRoute.functionLogs.path(try FunctionKey(name: "loud"))
                try reader.send(
                    Array(requestHead("GET", path + "?follow=true&tail=0", [("Connection", "close")]).utf8))
                let clock = ContinuousClock()
                let begin = clock.now
                var slowest = Duration.zero
                while clock.now - begin < .seconds(4) {
                    let start = clock.now
                    try #require(try torpor.get("/function/loud").status == 200)
                    slowest = max(slowest, clock.now - start)
                    pause(.milliseconds(20))
                }
                #expect(slowest < .seconds(1))
                let grown = residentBytes(torpor.pid) - before
                #expect(grown < 100 << 20, "\(grown) bytes")
                // It reads at last, and sees where lines are missing.
                var seen: [UInt8] = []
                let marker = Array("lines skipped: this reader is too slow".utf8)
                try becomesTrue("the notice", within: .seconds(20)) {
                    seen = seen.suffix(marker.count) + (try reader.receive())
                    return seen.firstRange(of: marker) != nil
                }
            }
        }
    }
}
