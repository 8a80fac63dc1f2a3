import Core
import Foundation
import Gateway
import Synchronization
import Testing

/// Requests whose first instance did not take them: sent again where that is right, and nowhere else.
@Suite(.timeLimit(.minutes(1)))
struct RerouteTests {
    /// Answers one request on each connection and ends it when the next one has come, unanswered.
    private static func leavingUpstream(
        _ seen: @escaping @Sendable (Request) -> Void
    ) throws -> ScriptedUpstream {
        try ScriptedUpstream { socket, _ in
            guard let request = try Request.read(socket) else { return }
            seen(request)
            let body = request.body.isEmpty ? Array(request.line.utf8) : request.body
            try socket.send(Array("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body)
            if let next = try Request.read(socket) { seen(next) }
        }
    }

    @Test(arguments: [
        ("GET", 200), ("PUT", 200), ("DELETE", 200), ("POST", 502), ("PATCH", 502), ("GOT", 502),
    ])
    func onlyIdempotentRequestsAreSentTwice(_ method: String, _ status: Int) async throws {
        let lines = Mutex<[String]>([])
        let upstream = try Self.leavingUpstream { request in lines.withLock { $0.append(request.line) } }
        defer { upstream.stop() }
        try await GatewayFixture.with(loops: 1) { fixture in
            let handle = fixture.publish(upstream)
            try await fixture.client { socket in
                let first = try socket.get("/function/hello/first")
                #expect(first.status == 200)
                try socket.send(
                    "\(method) /function/hello/x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi")
                let response = try socket.response()
                #expect(response.status == status)
            }
            let sent = lines.withLock { $0 }.filter { $0 == "\(method) /x HTTP/1.1" }
            #expect(sent.count == (status == 200 ? 2 : 1))
            #expect(await eventually { handle.gate.inFlight == 0 })
        }
    }

    @Test func closedInstancesAreNotDialedAnew() async throws {
        let gate = Mutex<InstanceGate?>(nil)
        let old = try ScriptedUpstream { socket, _ in
            _ = try Request.read(socket)
            try socket.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold")
            // The next request finds the instance going: its connection ends, and its address may be another's.
            _ = try Request.read(socket)
            gate.withLock { _ = $0?.close() }
        }
        let new = try ScriptedUpstream(ScriptedUpstream.echo)
        defer { old.stop() }
        defer { new.stop() }
        try await GatewayFixture.with(loops: 1) { fixture in
            let handle = fixture.publish(old)
            gate.withLock { $0 = handle.gate }
            async let answers = fixture.client { socket in
                [try socket.get("/function/hello/1"), try socket.get("/function/hello/2")]
            }
            #expect(await ActivationTests.waiting(fixture, 1))
            #expect(await eventually { handle.gate.inFlight == 0 })
            #expect(fixture.activator.drained == [handle.id])
            fixture.publish(new)
            let texts = try await answers.map(\.text)
            #expect(texts == ["old", "GET /2 HTTP/1.1"])
            #expect(old.connections == 1)
            #expect(fixture.activator.suspects.isEmpty)
        }
    }

    @Test func refusedRequestsThawAnotherInstance() async throws {
        let upstream = try ScriptedUpstream(ScriptedUpstream.echo)
        defer { upstream.stop() }
        let closed = try ScriptedUpstream.closedPort()
        try await GatewayFixture.with(loops: 1) { fixture in
            let dead = GatewayFixture.instance(fixture.key, port: closed)
            let thawing = CountingThaw()
            let frozen = GatewayFixture.instance(fixture.key, port: upstream.port, thawing: thawing)
            #expect(frozen.gate.beginFreeze() && frozen.gate.endFreeze(frozen: true))
            fixture.gateway.publish(fixture.key, instances: [dead, frozen])
            let response = try await fixture.client { try $0.get("/function/hello/x") }
            #expect(response.text == "GET /x HTTP/1.1")
            #expect(response.headers["server-timing"]?.contains("desc=\"frozen\"") == true)
            #expect(thawing.count.load(ordering: .relaxed) == 1)
            #expect(await eventually { dead.gate.inFlight == 0 })
            #expect(await eventually { frozen.gate.inFlight == 0 })
        }
    }

    @Test func nobodyEntersWhatDoesNotThaw() async throws {
        let upstream = try ScriptedUpstream(ScriptedUpstream.echo)
        defer { upstream.stop() }
        try await GatewayFixture.with(loops: 1) { fixture in
            let thawing = CountingThaw(fails: true)
            let stuck = GatewayFixture.instance(fixture.key, port: upstream.port, thawing: thawing)
            #expect(stuck.gate.beginFreeze() && stuck.gate.endFreeze(frozen: true))
            fixture.gateway.publish(fixture.key, instances: [stuck])
            async let answers = fixture.client { socket in
                [try socket.get("/function/hello/1"), try socket.get("/function/hello/2")]
            }
            #expect(await ActivationTests.waiting(fixture, 1))
            #expect(stuck.gate.phase == .closed)
            #expect(await eventually { stuck.gate.inFlight == 0 })
            #expect(fixture.activator.suspects == [stuck.id])
            #expect(fixture.activator.drained == [stuck.id])
            fixture.publish(upstream)
            let texts = try await answers.map(\.text)
            #expect(texts == ["GET /1 HTTP/1.1", "GET /2 HTTP/1.1"])
            #expect(stuck.gate.served == 1)
        }
    }
}
