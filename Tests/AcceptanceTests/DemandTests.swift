import ControlAPI
import Core
import Foundation
import Testing

extension AcceptanceTests {
    /// Many requests at once: waking, adding instances, queueing.
    @Suite struct DemandTests {
        @Test func firstRequestsShareOneWake() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello", environment: ["LISTEN_DELAY_MS": "200"])
                try torpor.putToSleep("hello")
                let responses = try concurrently(64) { number in try torpor.get("/function/hello/\(number)") }
                #expect(responses.allSatisfy { $0.status == 200 })
                #expect(Set(responses.compactMap { $0["X-Instance"] }).count == 1)
                let detail = try torpor.describe("hello")
                #expect(detail.instances.count == 1)
                #expect(detail.instances.first?.served == 64)
                try becomesTrue("two lives in the history") {
                    let past = try torpor.describe("hello").past
                    return Set(past.map(\.id) + detail.instances.map(\.id)).count == 2
                }
            }
        }

        @Test func instancesAreAddedUpToTheMaximum() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello") {
                    $0.concurrency = 2
                    $0.scale.max = 3
                }
                let responses = try concurrently(12) { _ in try torpor.get("/function/hello/sleep?ms=700") }
                #expect(responses.allSatisfy { $0.status == 200 })
                #expect(Set(responses.compactMap { $0["X-Instance"] }).count == 3)
                #expect(try torpor.describe("hello").instances.count == 3)
            }
        }

        /// Never more than `concurrency` at once, and the first to come are the first to be served.
        @Test func waitingRequestsAreServedInOrder() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello") {
                    $0.concurrency = 1
                    $0.scale.max = 1
                }
                let clock = ContinuousClock()
                let busy = Background { try torpor.get("/function/hello/sleep?ms=2000").status }
                try becomesTrue("a request in flight") { try torpor.describe("hello").function.inFlight == 1 }
                let requests = try (0..<8).map { number in
                    let request = Background { () -> (Int, ContinuousClock.Instant) in
                        let response = try torpor.get("/function/hello/sleep?ms=100")
                        guard response.status == 200 else { throw TestFailure("\(response.status)") }
                        return (number, clock.now)
                    }
                    try torpor.waits(for: number + 1)
                    return request
                }
                #expect(try busy.wait() == 200)
                let begin = clock.now
                let ends = try requests.map { try $0.wait() }
                #expect(ends.sorted { $0.1 < $1.1 }.map(\.0) == Array(0..<8))
                #expect(clock.now - begin >= .milliseconds(700), "one at a time")
                #expect(try torpor.describe("hello").instances.count == 1)
            }
        }

        @Test func whoWaitsTooLongGets503() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello") {
                    $0.concurrency = 1
                    $0.scale.max = 1
                    $0.queueTimeout = .milliseconds(300)
                }
                let busy = Background { try torpor.get("/function/hello/sleep?ms=1500") }
                try becomesTrue("a request in flight") { try torpor.describe("hello").function.inFlight == 1 }
                let refused = try torpor.get("/function/hello")
                #expect(refused.status == 503)
                #expect(refused["Retry-After"] != nil)
                #expect(refused["X-Call-Id"] != nil)
                #expect(refused.text.contains("queue_timeout"))
                #expect(try busy.wait().status == 200)
                #expect(try torpor.get("/function/hello").status == 200)
            }
        }

        @Test func aFullQueueRefuses() throws {
            Host.raiseOpenFileLimit()
            try TorporFixture.with { torpor in
                try torpor.deploy("hello") {
                    $0.concurrency = 1
                    $0.scale.max = 1
                }
                let busy = Background { try torpor.get("/function/hello/sleep?ms=5000") }
                try becomesTrue("a request in flight") { try torpor.describe("hello").function.inFlight == 1 }
                let surplus = 50
                let connections = try (0..<(Limits.waitersPerFunction + surplus)).map { _ in
                    let connection = try torpor.connect()
                    try connection.send(requestHead("GET", "/function/hello/sleep?ms=0"))
                    return connection
                }
                let responses = try connections.map { try $0.response() }
                let refused = responses.filter { $0.status == 503 }
                #expect(refused.count == surplus)
                #expect(refused.allSatisfy { $0.text.contains("queue_full") && $0["Retry-After"] != nil })
                #expect(responses.count { $0.status == 200 } == Limits.waitersPerFunction)
                #expect(try busy.wait().status == 200)
            }
        }

        /// The queue forgets who leaves it.
        @Test func aClientThatLeavesTheQueueIsNotServed() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello") {
                    $0.concurrency = 1
                    $0.scale.max = 1
                }
                let busy = Background { try torpor.get("/function/hello/sleep?ms=2000") }
                try becomesTrue("a request in flight") { try torpor.describe("hello").function.inFlight == 1 }
                for _ in 0..<10 {
                    let connection = try torpor.connect()
                    try connection.send(requestHead("GET", "/function/hello/left"))
                    try torpor.waits(for: 1)
                    connection.reset()
                    try torpor.waits(for: 0)
                }
                _ = try busy.wait()
                let after = try torpor.get("/function/hello")
                #expect(after.text.contains("served=2 "), "\(after.text)")
            }
        }

        @Test func manualScaleHoldsUntilAuto() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello") {
                    $0.scale.stopAfter = .after(.milliseconds(100))
                    $0.scale.freezeAfter = .after(.milliseconds(50))
                }
                try torpor.scale("hello", .count(3))
                try becomesTrue("three instances") {
                    try torpor.describe("hello").function.instances.ready == 3
                }
                #expect(try torpor.describe("hello").function.scale == .count(3))
                pause(.milliseconds(400))
                #expect(try torpor.describe("hello").function.instances.ready == 3)
                try torpor.scale("hello", .auto)
                try torpor.waitUntil("hello", is: .asleep)
                try torpor.scale("hello", .count(0))
                #expect(try torpor.get("/function/hello").warmth == "cold", "a request still wakes it")
            }
        }
    }
}

extension Torpor {
    /// Until so many requests wait for an instance.
    fileprivate func waits(for count: Int) throws {
        try becomesTrue("\(count) requests that wait") { try info().activity.waiting == count }
    }
}
