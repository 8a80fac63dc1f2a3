import Core
import Foundation
import Gateway
import HTTPWire
import Logging
import Synchronization
import Testing

/// The platform's own paths: with credentials, and only where they are served.
@Suite(.timeLimit(.minutes(1)))
struct PlatformTests {
    final class FakePlatform: PlatformResponding {
        let asked = Mutex<[String]>([])

        func allows(_ authorization: [UInt8]) -> Bool { authorization == Array("Bearer right".utf8) }

        func answer(_ request: PlatformRequest) async -> LocalResponse {
            asked.withLock { $0.append("\(request.method) \(request.path)") }
            try? await Task.sleep(for: .milliseconds(20))
            return LocalResponse(status: 200, reason: "OK", contentType: "text/plain", body: "measured\n")
        }
    }

    private func exchange(_ fixture: GatewayFixture, _ target: String, _ fields: String = "") async throws
        -> String
    {
        try await fixture.client { socket in
            try socket.send("GET \(target) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(fields)\r\n")
            return String(decoding: try socket.readToEnd(), as: UTF8.self)
        }
    }

    @Test func needsCredentials() async throws {
        try await GatewayFixture.with { fixture in
            let platform = FakePlatform()
            fixture.gateway.attach(platform: platform)
            for fields in ["", "Authorization: Bearer wrong\r\n", "Authorization: \r\n"] {
                let refused = try await exchange(fixture, "/metrics", fields)
                #expect(refused.hasPrefix("HTTP/1.1 401 "))
                #expect(refused.contains("WWW-Authenticate: Basic realm=\"torpor\"\r\n"))
                #expect(refused.contains("credentials_needed"))
            }
            #expect(platform.asked.withLock { $0 }.isEmpty)
            let answer = try await exchange(fixture, "/metrics?x=1", "Authorization: Bearer right\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 200 "))
            #expect(answer.hasSuffix("measured\n"))
            #expect(platform.asked.withLock { $0 } == ["GET /metrics"])
        }
    }

    @Test func aKeptConnectionGoesOn() async throws {
        try await GatewayFixture.with { fixture in
            fixture.gateway.attach(platform: FakePlatform())
            let text = try await fixture.client { socket in
                let head = "GET /metrics HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer right\r\n"
                try socket.send("\(head)\r\n\(head)Connection: close\r\n\r\n")
                return String(decoding: try socket.readToEnd(), as: UTF8.self)
            }
            #expect(text.components(separatedBy: "measured\n").count == 3)
        }
    }

    @Test func aClientThatLeavesMeanwhileHurtsNobody() async throws {
        try await GatewayFixture.with { fixture in
            let platform = FakePlatform()
            fixture.gateway.attach(platform: platform)
            try await fixture.client { socket in
                try socket.send("GET /metrics HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer right\r\n\r\n")
            }
            #expect(await eventually { fixture.gateway.clientConnections == 0 })
            let answer = try await exchange(fixture, "/metrics", "Authorization: Bearer right\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test func hasAnAddressOfItsOwn() async throws {
        let upstream = try ScriptedUpstream { socket, _ in
            while try Request.read(socket) != nil {
                try socket.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            }
        }
        defer { upstream.stop() }
        var configuration = GatewayConfiguration()
        let source = ListenPoint.Source.address(host: "127.0.0.1", port: 0)
        configuration.points = [
            ListenPoint(source, role: .functions), ListenPoint(source, role: .platform),
        ]
        let gateway = Gateway(
            configuration: configuration, dialer: LoopbackDialer(), logger: Logger(label: "test"))
        gateway.attach(platform: FakePlatform())
        let key = try FunctionKey(name: "hello")
        gateway.upsert(RoutePolicy(key: key, spec: FunctionSpec()))
        gateway.publish(key, instances: [GatewayFixture.instance(key, port: upstream.port)])
        let ports = try await gateway.start().map(\.port)
        func status(_ port: Int, _ target: String) async throws -> String {
            let text = try await blocking {
                let socket = try RawSocket.connect(port)
                try socket.send(
                    "GET \(target) HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer right\r\nConnection: close\r\n\r\n"
                )
                return String(decoding: try socket.readToEnd(), as: UTF8.self)
            }
            return String(text.dropFirst(9).prefix(3))
        }
        #expect(try await status(ports[0], "/function/hello/") == "200")
        #expect(try await status(ports[0], "/metrics") == "404")
        #expect(try await status(ports[1], "/metrics") == "200")
        #expect(try await status(ports[1], "/function/hello/") == "404")
        #expect(try await status(ports[1], "/healthz") == "200")
        #expect(gateway.reading().functions.first?.traffic.success == 1)
        await gateway.shutdown(grace: .seconds(1))
    }
}
