import ControlAPI
import Core
import Foundation
import Testing

extension AcceptanceTests {
    /// A function sleeps, is called, wakes, answers, sleeps again.
    @Suite struct WarmthTests {
        @Test func fromZeroAndBack() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello") { $0.scale.stopAfter = .after(.milliseconds(700)) }
                let first = try torpor.instance(of: "hello")
                let pid = try #require(first.pid)
                #expect(Leftovers.isAlive(pid))

                try torpor.waitUntil("hello", is: .asleep)
                #expect(!Leftovers.isAlive(pid), "its process is gone")

                let cold = try torpor.get("/function/hello/one")
                try #require(cold.status == 200, "\(cold.text)")
                #expect(cold.warmth == "cold")
                #expect(try #require(cold.timing("start")) > 0)
                #expect(cold["X-Instance"] != first.id.description)

                let warm = try torpor.get("/function/hello/two")
                #expect(warm.warmth == "warm")
                #expect(warm["X-Instance"] == cold["X-Instance"])

                try torpor.waitUntil("hello", is: .asleep)
                #expect(try torpor.get("/function/hello").warmth == "cold")
            }
        }

        @Test(.needsFreezer) func throughTheFreezer() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello") {
                    $0.scale.freezeAfter = .after(.milliseconds(200))
                    $0.scale.stopAfter = .after(.milliseconds(1500))
                }
                #expect(try torpor.get("/function/hello").warmth == "warm")
                let pid = try #require(try torpor.instance(of: "hello").pid)
                try torpor.waitUntil("hello", is: .frozen)
                try #require(isFrozen(pid), "the kernel says so too")

                let woken = try torpor.get("/function/hello/again")
                try #require(woken.status == 200)
                #expect(woken.warmth == "frozen")
                #expect(!isFrozen(pid))
                #expect(try torpor.instance(of: "hello").pid == pid, "the same process goes on")
                #expect(try torpor.get("/function/hello").warmth == "warm")

                try torpor.waitUntil("hello", is: .frozen)
                try torpor.waitUntil("hello", is: .asleep)
                #expect(!Leftovers.isAlive(pid))
                #expect(try torpor.get("/function/hello").warmth == "cold")
            }
        }

        @Test func nothingIsReapedWhileAStreamIsOpen() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello") {
                    $0.scale.freezeAfter = .after(.milliseconds(100))
                    $0.scale.stopAfter = .after(.milliseconds(200))
                }
                let connection = try torpor.connect()
                try connection.send(requestHead("GET", "/function/hello/hold?ticks=30"))
                try becomesTrue("a request in flight") { try torpor.describe("hello").function.inFlight == 1 }
                let pid = try #require(try torpor.instance(of: "hello").pid)
                for _ in 0..<20 {
                    pause(.milliseconds(50))
                    try #require(Leftovers.isAlive(pid) && !isFrozen(pid))
                }
                let response = try connection.response()
                #expect(response.isComplete)
                #expect(response.text == String(repeating: "tick\n", count: 30))
                #expect(response["X-Instance"] != nil)
                try torpor.waitUntil("hello", is: .asleep)
            }
        }

        @Test func minimumStaysReady() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello") {
                    $0.scale.min = 2
                    $0.scale.freezeAfter = .after(.milliseconds(50))
                    $0.scale.stopAfter = .after(.milliseconds(100))
                }
                try becomesTrue("two instances") {
                    try torpor.describe("hello").function.instances.ready == 2
                }
                pause(.milliseconds(600))
                let counts = try torpor.describe("hello").function.instances
                #expect(counts.ready == 2)
                #expect(counts.frozen == 0)
            }
        }

        /// What races with the reaper is never lost.
        @Test func requestsThatMeetTheReaper() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello") {
                    $0.scale.freezeAfter = .after(.milliseconds(10))
                    $0.scale.stopAfter = .after(.milliseconds(30))
                    $0.stopGrace = .seconds(1)
                }
                let responses = try (0..<150).map { round in
                    // From well before either moment to well after it.
                    pause(.milliseconds(round % 45))
                    return try torpor.get("/function/hello/\(round)")
                }
                #expect(responses.allSatisfy { $0.status == 200 }, "\(responses.map(\.status))")
                let warmths = responses.map { $0.warmth ?? "?" }
                #expect(warmths.count { $0 == "cold" } > 5, "\(warmths)")
                #expect(!warmths.contains("?"))
                if Host.canFreeze { #expect(warmths.contains("frozen"), "\(warmths)") }
            }
        }
    }
}

/// Whether the process sits in a frozen cgroup, as the kernel tells it.
func isFrozen(_ pid: Int) -> Bool {
    guard let root = Host.cgroupRoot,
        let line = Host.text("/proc/\(pid)/cgroup").split(separator: "\n").first(where: {
            $0.hasPrefix("0::")
        })
    else { return false }
    return Host.text("\(root)\(line.dropFirst(3))/cgroup.events").contains("frozen 1")
}
