import Core
import Foundation
import Gateway
import Logging
import Testing

@Suite(.timeLimit(.minutes(1)))
struct LifecycleTests {
    @Test func takenAddressesAreNamed() async throws {
        try await GatewayFixture.with { fixture in
            var configuration = GatewayConfiguration()
            configuration.points = [ListenPoint(.address(host: "127.0.0.1", port: fixture.port))]
            let second = Gateway(
                configuration: configuration, dialer: LoopbackDialer(), logger: Logger(label: "test"))
            await #expect(throws: GatewayError.addressInUse("127.0.0.1:\(fixture.port)")) {
                _ = try await second.start()
            }
            await second.shutdown(grace: .zero)
        }
        var configuration = GatewayConfiguration()
        configuration.points = [ListenPoint(.address(host: "192.0.2.77", port: 8080))]
        let gateway = Gateway(
            configuration: configuration, dialer: LoopbackDialer(), logger: Logger(label: "test"))
        await #expect(throws: GatewayError.addressNotAvailable("192.0.2.77:8080")) {
            _ = try await gateway.start()
        }
        await gateway.shutdown(grace: .zero)
    }

    @Test func shutdownLetsExchangesFinish() async throws {
        let latch = ActivationTests.Latch()
        let upstream = try ScriptedUpstream { socket, _ in
            while try Request.read(socket) != nil {
                latch.wait()
                try socket.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            }
        }
        defer { upstream.stop() }
        try await GatewayFixture.with { fixture in
            let handle = fixture.publish(upstream)
            let port = fixture.port
            let kept = try await fixture.client { socket in
                _ = try socket.get("/healthz")
                return socket
            }
            async let idle = blocking { kept.isEnded() }
            async let answer = fixture.client { try $0.get("/function/hello") }
            #expect(await eventually { handle.gate.inFlight == 1 && fixture.gateway.clientConnections == 2 })
            let running = Task { try await fixture.gateway.run() }
            async let down: Void = fixture.gateway.shutdown(grace: .seconds(10))
            // The idle connection goes by itself, and nobody new gets in.
            let wasEnded = try await idle
            #expect(wasEnded)
            #expect(throws: (any Error).self) { try RawSocket.connect(port) }
            #expect(handle.gate.inFlight == 1)
            latch.open()
            let response = try await answer
            #expect(response.text == "ok")
            #expect(response.headers["connection"] == "close")
            await down
            try await running.value
        }
    }

    /// A response whose head went out before promised a further request, which nobody waits for any more.
    @Test func shutdownEndsConnectionsWithTheirResponse() async throws {
        let latch = ActivationTests.Latch()
        let upstream = try ScriptedUpstream { socket, _ in
            _ = try Request.read(socket)
            try socket.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlo")
            latch.wait()
            try socket.send("ng")
        }
        defer { upstream.stop() }
        defer { latch.open() }
        try await GatewayFixture.with { fixture in
            fixture.publish(upstream)
            let port = fixture.port
            let client = try await fixture.client { socket in
                try socket.send("GET /function/hello HTTP/1.1\r\nHost: h\r\n\r\n")
                _ = try socket.read(until: "\r\n\r\nlo")
                return socket
            }
            let began = ContinuousClock.now
            async let down: Void = fixture.gateway.shutdown(grace: .seconds(10))
            #expect(await eventually { (try? RawSocket.connect(port)) == nil })
            // Draining follows the listener's end at once, on the loops.
            try await Task.sleep(for: .milliseconds(100))
            latch.open()
            let (rest, ended) = try await blocking { (try client.read(exactly: 2), client.isEnded()) }
            #expect(rest == Array("ng".utf8))
            #expect(ended)
            await down
            #expect(ContinuousClock.now - began < .seconds(5))
        }
    }

    @Test func shutdownCutsWhatDoesNotEnd() async throws {
        let upstream = try ScriptedUpstream { socket, _ in _ = try socket.read(until: "never") }
        defer { upstream.stop() }
        try await GatewayFixture.with { fixture in
            let handle = fixture.publish(upstream)
            async let ended = fixture.client { socket in
                try socket.send("GET /function/hello HTTP/1.1\r\nHost: h\r\n\r\n")
                return socket.isEnded()
            }
            #expect(await eventually { handle.gate.inFlight == 1 })
            await fixture.gateway.shutdown(grace: .milliseconds(100))
            let wasEnded = try await ended
            #expect(wasEnded)
            #expect(await eventually { handle.gate.inFlight == 0 })
        }
    }
}

/// Bounds that only show from outside.
@Suite(.timeLimit(.minutes(1)))
struct BoundTests {
    @Test func slowHeadsHaveOneTime() async throws {
        var limits = GatewayLimits()
        limits.headTimeout = .milliseconds(300)
        try await GatewayFixture.with(limits: limits) { fixture in
            let began = ContinuousClock.now
            try await fixture.client { socket in
                // A byte every 50 ms would move a deadline that counts from the last one for ever.
                for byte in "GET /healthz HTTP/1.1\r\nHost: h\r\nA: bbbbbbbbb".utf8 {
                    guard (try? socket.send([byte])) != nil else { break }
                    usleep(50_000)
                    if ContinuousClock.now - began > .milliseconds(500) { break }
                }
                let response = try socket.response()
                #expect(response.status == 408)
            }
        }
    }

    @Test func idleConnectionsAreBoundedAndRetired() async throws {
        let upstream = try ScriptedUpstream { socket, _ in
            while let request = try Request.read(socket) {
                if request.line.contains("slow") { usleep(200_000) }
                try socket.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            }
        }
        defer { upstream.stop() }
        var limits = GatewayLimits()
        limits.idleUpstreams = 2
        try await GatewayFixture.with(limits: limits, loops: 1) { fixture in
            fixture.publish(upstream)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<6 {
                    group.addTask { _ = try await fixture.client { try $0.get("/function/hello/slow") } }
                }
                try await group.waitForAll()
            }
            #expect(upstream.connections == 6)
            #expect(await eventually { upstream.open == 2 })
            fixture.gateway.publish(fixture.key, instances: [])
            #expect(await eventually { upstream.open == 0 })
        }
    }
}
