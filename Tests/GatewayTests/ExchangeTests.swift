import Core
import Foundation
import Gateway
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ExchangeTests {
    @Test func keepsConnectionsOnBothSides() async throws {
        let upstream = try ScriptedUpstream(ScriptedUpstream.echo)
        defer { upstream.stop() }
        try await GatewayFixture.with(loops: 1) { fixture in
            let handle = fixture.publish(upstream)
            try await fixture.client { socket in
                for number in 0..<50 {
                    let response = try socket.get(
                        "/function/hello/n\(number)?q", "X-Call-Id: call-\(number)\r\n")
                    #expect(response.status == 200)
                    #expect(response.text == "GET /n\(number)?q HTTP/1.1")
                    #expect(response.headers["x-call-id"] == "call-\(number)")
                    #expect(response.headers["server-timing"]?.contains("torpor;desc=\"warm\"") == true)
                    #expect((response.headers["x-start-time"] ?? "").count == 19)
                    #expect(Double(response.headers["x-duration-seconds"] ?? "") != nil)
                }
            }
            #expect(upstream.connections == 1)
            // The answer is with the client a moment before the gateway has counted it.
            #expect(await eventually { handle.gate.inFlight == 0 && handle.gate.served == 50 })
            #expect(fixture.gateway.traffic(of: fixture.key)?.success == 50)
        }
    }

    @Test(arguments: [false, true]) func megabytesBothWays(_ chunked: Bool) async throws {
        let upstream = try ScriptedUpstream { socket, _ in
            while let request = try Request.read(socket) {
                if chunked {
                    try socket.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                    for start in stride(from: 0, to: request.body.count, by: 10_007) {
                        let part = request.body[start..<min(start + 10_007, request.body.count)]
                        try socket.send(
                            Array("\(String(part.count, radix: 16))\r\n".utf8) + part + Array("\r\n".utf8))
                    }
                    try socket.send("0\r\n\r\n")
                } else {
                    try socket.send("HTTP/1.1 200 OK\r\nContent-Length: \(request.body.count)\r\n\r\n")
                    try socket.send(request.body)
                }
            }
        }
        defer { upstream.stop() }
        try await GatewayFixture.with { fixture in
            fixture.publish(upstream)
            try await fixture.client { socket in
                for seed in 1...3 {
                    let body = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* seed &+ $0 >> 8) }
                    if chunked {
                        try socket.send(
                            "POST /function/hello HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
                        try socket.send("80000\r\n")
                        try socket.send(Array(body.prefix(1 << 19)))
                        try socket.send("\r\n80000\r\n")
                        try socket.send(Array(body.suffix(1 << 19)) + Array("\r\n0\r\n\r\n".utf8))
                    } else {
                        try socket.send(
                            "POST /function/hello HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.count)\r\n\r\n"
                        )
                        try socket.send(body)
                    }
                    let response = try socket.response()
                    #expect(response.status == 200)
                    #expect(response.body == body)
                }
            }
        }
    }

    @Test func slowClientsAndPipelining() async throws {
        let upstream = try ScriptedUpstream(ScriptedUpstream.echo)
        defer { upstream.stop() }
        try await GatewayFixture.with { fixture in
            fixture.publish(upstream)
            try await fixture.client { socket in
                for byte in "POST /function/hello/slow HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nslow"
                    .utf8
                {
                    try socket.send([byte])
                    usleep(300)
                }
                #expect(try socket.response().text == "slow")
                var requests = ""
                for number in 0..<100 {
                    requests += "GET /function/hello/\(number) HTTP/1.1\r\nHost: h\r\n\r\n"
                }
                requests += "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\nGET /no HTTP/1.1\r\nHost: h\r\n\r\n"
                try socket.send(requests)
                for number in 0..<100 { #expect(try socket.response().text == "GET /\(number) HTTP/1.1") }
                #expect(try socket.response().text == "ok\n")
                #expect(try socket.response().status == 404)
            }
        }
    }

    @Test func headAndEmptyResponses() async throws {
        let upstream = try ScriptedUpstream { socket, _ in
            while let request = try Request.read(socket) {
                switch request.line {
                case "HEAD / HTTP/1.1": try socket.send("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")
                case "GET /204 HTTP/1.1": try socket.send("HTTP/1.1 204 No Content\r\n\r\n")
                case "GET /304 HTTP/1.1":
                    try socket.send("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n")
                case "GET /hints HTTP/1.1":
                    try socket.send(
                        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\ny"
                    )
                default: try socket.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                }
            }
        }
        defer { upstream.stop() }
        try await GatewayFixture.with(loops: 1) { fixture in
            fixture.publish(upstream)
            try await fixture.client { socket in
                try socket.send("HEAD /function/hello HTTP/1.1\r\nHost: h\r\n\r\n")
                #expect(try socket.response(head: true).headers["content-length"] == "99")
                #expect(try socket.get("/function/hello/204").status == 204)
                #expect(try socket.get("/function/hello/304").status == 304)
                #expect(try socket.get("/function/hello/0").status == 200)
                #expect(try socket.get("/function/hello/hints").status == 103)
                #expect(try socket.response().text == "y")
                try socket.send("HEAD /unknown HTTP/1.1\r\nHost: h\r\n\r\n")
                #expect(try socket.response(head: true).status == 404)
                #expect(try socket.get("/healthz").status == 200)
            }
            #expect(upstream.connections == 1)
        }
    }

    @Test func clientsOfHTTP10() async throws {
        let upstream = try ScriptedUpstream { socket, _ in
            while let request = try Request.read(socket) {
                if request.line.contains("chunks") {
                    try socket.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
                    usleep(20_000)
                    try socket.send("2\r\nde\r\n0\r\n\r\n")
                } else {
                    try socket.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
                }
            }
        }
        defer { upstream.stop() }
        try await GatewayFixture.with { fixture in
            fixture.publish(upstream)
            try await fixture.client { socket in
                try socket.send("GET /function/hello/a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                let kept = try socket.response()
                #expect(kept.headers["connection"] == "keep-alive")
                try socket.send("GET /function/hello/chunks HTTP/1.0\r\n\r\n")
                let response = try socket.response()
                #expect(response.headers["transfer-encoding"] == nil)
                #expect(response.text == "abcde")
            }
        }
    }

    @Test func responsesWithoutLengthEndWithTheirConnection() async throws {
        let upstream = try ScriptedUpstream { socket, _ in
            _ = try Request.read(socket)
            try socket.send("HTTP/1.0 200 OK\r\n\r\n")
            for _ in 0..<10 { try socket.send([UInt8](repeating: 65, count: 50_000)) }
        }
        defer { upstream.stop() }
        try await GatewayFixture.with { fixture in
            let handle = fixture.publish(upstream)
            try await fixture.client { socket in
                let response = try socket.get("/function/hello")
                #expect(response.body.count == 500_000)
                #expect(response.headers["connection"] == "close")
            }
            #expect(await eventually { handle.gate.inFlight == 0 })
        }
    }

    @Test func continuesWhenAsked() async throws {
        let upstream = try ScriptedUpstream(ScriptedUpstream.echo)
        defer { upstream.stop() }
        try await GatewayFixture.with { fixture in
            fixture.publish(upstream)
            try await fixture.client { socket in
                try socket.send(
                    "POST /function/hello HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
                )
                #expect(try socket.read(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
                try socket.send("hello")
                #expect(try socket.response().text == "hello")
            }
        }
    }

    @Test func upgradesBecomeTunnels() async throws {
        let upstream = try ScriptedUpstream { socket, _ in
            guard let request = try Request.read(socket) else { return }
            #expect(request.head.contains("Upgrade: websocket"))
            try socket.send(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nfirst")
            while case let bytes = try socket.receive(), !bytes.isEmpty { try socket.send(bytes) }
        }
        defer { upstream.stop() }
        try await GatewayFixture.with { fixture in
            let handle = fixture.publish(upstream)
            try await fixture.client { socket in
                try socket.send(
                    "GET /function/hello HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
                )
                #expect(try socket.response().status == 101)
                #expect(try socket.read(exactly: 5) == Array("first".utf8))
                for _ in 0..<20 {
                    let bytes = (0..<5000).map { _ in UInt8.random(in: 0...255) }
                    try socket.send(bytes)
                    #expect(try socket.read(exactly: bytes.count) == bytes)
                }
                #expect(handle.gate.inFlight == 1)
            }
            #expect(await eventually { handle.gate.inFlight == 0 })
        }
    }

    @Test func earlyResponsesAreFinishedThenTheConnectionEnds() async throws {
        let upstream = try ScriptedUpstream { socket, _ in
            _ = try socket.read(until: "\r\n\r\n")
            try socket.send("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
            usleep(200_000)
        }
        defer { upstream.stop() }
        try await GatewayFixture.with { fixture in
            let handle = fixture.publish(upstream)
            try await fixture.client { socket in
                try socket.send(
                    "POST /function/hello HTTP/1.1\r\nHost: h\r\nContent-Length: 10000000\r\n\r\nabc")
                let response = try socket.response()
                #expect(response.status == 413)
                #expect(response.text == "big")
                #expect(response.headers["connection"] == "close")
                #expect(socket.isEnded())
            }
            #expect(await eventually { handle.gate.inFlight == 0 })
        }
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("\u{16}\u{3}\u{1}\u{2}", 400), ("GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505),
        ("GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", 417),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    ]) func refusals(_ request: String, _ status: Int) async throws {
        try await GatewayFixture.with { fixture in
            try await fixture.client { socket in
                try socket.send(request)
                let response = try socket.response()
                #expect(response.status == status)
                #expect(response.headers["connection"] == "close")
                let id = try #require(response.headers["x-call-id"])
                #expect(response.text.contains("\"callId\":\"\(id)\""))
                #expect(socket.isEnded())
            }
        }
    }

    @Test func headsAreBoundedInSizeAndTime() async throws {
        var limits = GatewayLimits()
        limits.headTimeout = .milliseconds(200)
        limits.idleClientTimeout = .milliseconds(200)
        try await GatewayFixture.with(limits: limits) { fixture in
            try await fixture.client { socket in
                try socket.send(
                    "GET /healthz HTTP/1.1\r\nHost: a\r\nA: \(String(repeating: "a", count: 40_000))")
                #expect(try socket.response().status == 431)
            }
            try await fixture.client { socket in
                try socket.send("GET /healthz HTTP/1.1\r\n")
                #expect(try socket.response().status == 408)
                #expect(socket.isEnded())
            }
            try await fixture.client { socket in #expect(socket.isEnded()) }
            try await fixture.client { socket in
                let healthy = try socket.get("/healthz")
                #expect(healthy.status == 200)
                #expect(socket.isEnded())
            }
            #expect(await eventually { fixture.gateway.clientConnections == 0 })
        }
    }
}
