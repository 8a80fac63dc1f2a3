import Core
import Foundation
import Gateway
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ActivationTests {
    /// A function that answers after `gate` is opened.
    final class Latch: Sendable {
        private let opened = Atomic<Bool>(false)
        func open() { opened.store(true, ordering: .releasing) }
        func wait() { while !opened.load(ordering: .acquiring) { usleep(1000) } }
    }

    static func waiting(_ fixture: GatewayFixture, _ count: Int) async -> Bool {
        await eventually { fixture.gateway.traffic(of: fixture.key)?.waiting == count }
    }

    @Test func requestsShareOneWake() async throws {
        let upstream = try ScriptedUpstream(ScriptedUpstream.echo)
        defer { upstream.stop() }
        try await GatewayFixture.with { fixture in
            try await withThrowingTaskGroup(of: Response.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        try await fixture.client {
                            try $0.get("/function/hello/\(number)", "X-Call-Id: c\(number)\r\n")
                        }
                    }
                }
                #expect(await Self.waiting(fixture, 20))
                #expect(fixture.activator.demands.count >= 1)
                #expect(fixture.activator.demands.allSatisfy { $0.hasPrefix("c") })
                let now = Int64(DispatchTime.now().uptimeNanoseconds)
                let handle = GatewayFixture.instance(
                    fixture.key, port: upstream.port, startedAt: now - 1_000_000, readyAt: now)
                fixture.gateway.publish(fixture.key, instances: [handle])
                for try await response in group {
                    #expect(response.status == 200)
                    #expect(response.headers["server-timing"]?.contains("desc=\"cold\"") == true)
                }
            }
            #expect(fixture.gateway.traffic(of: fixture.key)?.waiting == 0)
        }
    }

    /// Beyond its target an instance goes on taking requests, but another one is asked for, and a frozen one is woken first.
    @Test func aboveTheTargetMoreAreWanted() async throws {
        let latch = Latch()
        let upstream = try ScriptedUpstream { socket, number in
            guard try Request.read(socket) != nil else { return }
            latch.wait()
            try socket.send("HTTP/1.1 204 No Content\r\n\r\n")
        }
        defer { upstream.stop() }
        var spec = FunctionSpec()
        spec.scale.target = 2
        try await GatewayFixture.with(spec: spec) { fixture in
            defer { latch.open() }
            let thawing = CountingThaw()
            let busy = GatewayFixture.instance(fixture.key, port: upstream.port)
            let frozen = GatewayFixture.instance(fixture.key, port: upstream.port, thawing: thawing)
            #expect(frozen.gate.beginFreeze() && frozen.gate.endFreeze(frozen: true))
            fixture.gateway.publish(fixture.key, instances: [busy, frozen])
            try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 1...5 {
                    group.addTask { try await fixture.client { try $0.get("/function/hello").status } }
                    #expect(await eventually { busy.gate.inFlight + frozen.gate.inFlight == number })
                    if number == 2 {
                        #expect(busy.gate.inFlight == 2 && thawing.count.load(ordering: .relaxed) == 0)
                    }
                    if number == 4 { #expect(frozen.gate.inFlight == 2 && fixture.activator.crowded == 0) }
                }
                #expect(await eventually { fixture.activator.crowded == 1 })
                latch.open()
                for try await status in group { #expect(status == 204) }
            }
        }
    }

    @Test func frozenInstancesAreThawedOnce() async throws {
        let upstream = try ScriptedUpstream(ScriptedUpstream.echo)
        defer { upstream.stop() }
        try await GatewayFixture.with { fixture in
            let thawing = CountingThaw()
            let handle = GatewayFixture.instance(fixture.key, port: upstream.port, thawing: thawing)
            fixture.gateway.publish(fixture.key, instances: [handle])
            for round in 1...20 {
                #expect(await eventually { handle.gate.inFlight == 0 })
                #expect(handle.gate.beginFreeze())
                #expect(handle.gate.endFreeze(frozen: true))
                let responses = try await fixture.client {
                    [try $0.get("/function/hello"), try $0.get("/function/hello")]
                }
                #expect(responses[0].headers["server-timing"]?.contains("desc=\"frozen\"") == true)
                #expect(responses[1].headers["server-timing"]?.contains("desc=\"warm\"") == true)
                #expect(thawing.count.load(ordering: .relaxed) == round)
                #expect(await eventually { fixture.activator.thawed.count == round })
            }
        }
    }

    @Test func theQueueIsBoundedAndOrdered() async throws {
        var limits = GatewayLimits()
        limits.waitersPerFunction = 8
        let order = Mutex<[String]>([])
        let upstream = try ScriptedUpstream { socket, _ in
            while let request = try Request.read(socket) {
                order.withLock { $0.append(request.line) }
                try socket.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            }
        }
        defer { upstream.stop() }
        try await GatewayFixture.with(limits: limits) { fixture in
            try await withThrowingTaskGroup(of: Response.self) { group in
                for number in 0..<8 {
                    group.addTask { try await fixture.client { try $0.get("/function/hello/\(number)") } }
                    #expect(await Self.waiting(fixture, number + 1))
                }
                let refused = try await fixture.client { try $0.get("/function/hello/9") }
                #expect(refused.status == 503)
                #expect(refused.headers["retry-after"] != nil)
                #expect(refused.text.contains("queue_full"))
                let handle = GatewayFixture.instance(fixture.key, port: upstream.port, concurrency: 1)
                fixture.gateway.publish(fixture.key, instances: [handle])
                for try await response in group { #expect(response.status == 200) }
            }
            #expect(order.withLock { $0 } == (0..<8).map { "GET /\($0) HTTP/1.1" })
        }
    }

    @Test func waitersTimeOutAndLeave() async throws {
        var spec = FunctionSpec()
        spec.queueTimeout = .milliseconds(300)
        try await GatewayFixture.with(spec: spec) { fixture in
            let response = try await fixture.client { try $0.get("/function/hello") }
            #expect(response.status == 503)
            #expect(response.text.contains("queue_timeout"))
            #expect(response.headers["retry-after"] != nil)
            #expect(await Self.waiting(fixture, 0))
        }
        spec.queueTimeout = .seconds(60)
        try await GatewayFixture.with(spec: spec) { fixture in
            let client = try await fixture.client { socket in
                try socket.send("GET /function/hello HTTP/1.1\r\nHost: h\r\n\r\n")
                return socket
            }
            #expect(await Self.waiting(fixture, 1))
            client.shut()
            #expect(await Self.waiting(fixture, 0))
            #expect(await eventually { fixture.gateway.clientConnections == 0 })
        }
    }

    @Test func failedStartsAndRemovals() async throws {
        try await GatewayFixture.with { fixture in
            async let failed = fixture.client { try $0.get("/function/hello") }
            #expect(await Self.waiting(fixture, 1))
            fixture.gateway.startFailed(fixture.key)
            let response = try await failed
            #expect(response.status == 502)
            #expect(response.text.contains("start_failed"))
            async let removed = fixture.client { try $0.get("/function/hello") }
            #expect(await Self.waiting(fixture, 1))
            fixture.gateway.remove(fixture.key)
            let gone = try await removed
            #expect(gone.status == 404)
            let unknown = try await fixture.client { try $0.get("/function/hello") }
            #expect(unknown.status == 404)
            #expect(fixture.gateway.traffic(of: fixture.key) == nil)
            fixture.gateway.upsert(RoutePolicy(key: fixture.key, spec: FunctionSpec()))
            async let again = fixture.client { try $0.get("/function/hello") }
            #expect(await Self.waiting(fixture, 1))
            fixture.gateway.startFailed(fixture.key)
            let refused = try await again
            #expect(refused.status == 502)
        }
    }

    @Test func concurrencyIsHeldAcrossLoops() async throws {
        let most = Mutex((now: 0, most: 0))
        let upstream = try ScriptedUpstream { socket, _ in
            while try Request.read(socket) != nil {
                most.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
                usleep(2000)
                most.withLock { $0.now -= 1 }
                try socket.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            }
        }
        defer { upstream.stop() }
        try await GatewayFixture.with(loops: 3) { fixture in
            let handle = fixture.publish(upstream, concurrency: 2)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<24 {
                    group.addTask {
                        try await fixture.client { socket in
                            for _ in 0..<10 {
                                let response = try socket.get("/function/hello")
                                #expect(response.status == 200)
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(most.withLock { $0.most } <= 2)
            #expect(handle.gate.served == 240)
            #expect(await eventually { handle.gate.inFlight == 0 })
            #expect(!fixture.activator.demands.isEmpty)
        }
    }

    @Test func drainingInstancesFinishTheirs() async throws {
        let latch = Latch()
        let upstream = try ScriptedUpstream { socket, _ in
            _ = try Request.read(socket)
            latch.wait()
            try socket.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1")
        }
        let next = try ScriptedUpstream { socket, _ in
            while try Request.read(socket) != nil {
                try socket.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2")
            }
        }
        defer { upstream.stop() }
        defer { next.stop() }
        try await GatewayFixture.with { fixture in
            let old = fixture.publish(upstream)
            async let slow = fixture.client { try $0.get("/function/hello") }
            #expect(await eventually { old.gate.inFlight == 1 })
            fixture.publish(next)
            #expect(old.gate.close().inFlight == 1)
            let other = try await fixture.client { try $0.get("/function/hello") }
            #expect(other.text == "2")
            #expect(fixture.activator.drained.isEmpty)
            latch.open()
            let finished = try await slow
            #expect(finished.text == "1")
            #expect(await eventually { fixture.activator.drained == [old.id] })
        }
    }

    @Test func waitingBodiesAreBounded() async throws {
        let upstream = try ScriptedUpstream(ScriptedUpstream.echo)
        defer { upstream.stop() }
        try await GatewayFixture.with { fixture in
            let body = (0..<(8 << 20)).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 9) }
            let sent = Atomic<Int>(0)
            async let answer = fixture.client { socket in
                try socket.send(
                    "POST /function/hello HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.count)\r\n\r\n")
                for start in stride(from: 0, to: body.count, by: 65_536) {
                    try socket.send(Array(body[start..<(start + 65_536)]))
                    sent.wrappingAdd(65_536, ordering: .relaxed)
                }
                return try socket.response()
            }
            #expect(await Self.waiting(fixture, 1))
            try await Task.sleep(for: .milliseconds(500))
            // What the kernel's buffers of both ends take, and no more.
            #expect(sent.load(ordering: .relaxed) < body.count)
            fixture.publish(upstream)
            let response = try await answer
            #expect(response.body == body)
        }
    }
}
