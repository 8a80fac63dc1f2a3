import Core
import Foundation
import Gateway
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct FaultTests {
    @Test(arguments: [
        "garbage\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "HTTP/1.1 101 X\r\nUpgrade: x\r\n\r\n", "HTTP/1.1 2", "",
        "HTTP/1.1 200 OK\r\nA: " + String(repeating: "a", count: 40_000),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 102 P\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\nx",
    ]) func badResponsesAre502(_ answer: String) async throws {
        let upstream = try ScriptedUpstream { socket, _ in
            _ = try Request.read(socket)
            try socket.send(answer)
        }
        defer { upstream.stop() }
        try await GatewayFixture.with { fixture in
            let handle = fixture.publish(upstream)
            try await fixture.client { socket in
                for _ in 0..<2 {
                    var response = try socket.get("/function/hello")
                    if response.status == 102 { response = try socket.response() }
                    #expect(response.status == 502)
                }
            }
            #expect(await eventually { handle.gate.inFlight == 0 })
            #expect(fixture.gateway.traffic(of: fixture.key)?.serverError == 2)
            #expect(fixture.gateway.traffic(of: fixture.key)?.requests == 2)
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n|x",
    ]) func truncatedBodiesAreSeen(_ answer: String) async throws {
        let upstream = try ScriptedUpstream { socket, _ in
            _ = try Request.read(socket)
            for part in answer.split(separator: "|") {
                try socket.send(String(part))
                usleep(50_000)
            }
        }
        defer { upstream.stop() }
        try await GatewayFixture.with { fixture in
            let handle = fixture.publish(upstream)
            try await fixture.client { socket in
                #expect(throws: (any Error).self) { try socket.get("/function/hello") }
                #expect(socket.isEnded())
            }
            #expect(await eventually { handle.gate.inFlight == 0 })
            // Counted as what it was in the end, and as nothing else.
            let traffic = fixture.gateway.traffic(of: fixture.key)
            #expect(traffic?.cut == 1)
            #expect(traffic?.requests == 1)
        }
    }

    @Test func staleConnectionsAreRetriedOnce() async throws {
        let upstream = try ScriptedUpstream { socket, _ in
            // One request on each connection, then it ends without a word.
            guard let request = try Request.read(socket) else { return }
            let body = request.body.isEmpty ? Array(request.line.utf8) : request.body
            try socket.send(Array("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body)
            _ = try socket.read(until: "\r\n\r\n")
        }
        defer { upstream.stop() }
        try await GatewayFixture.with(loops: 1) { fixture in
            fixture.publish(upstream)
            try await fixture.client { socket in
                for number in 0..<10 {
                    let got = try socket.get("/function/hello/\(number)")
                    #expect(got.text == "GET /\(number) HTTP/1.1")
                    try socket.send("PUT /function/hello HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi")
                    let put = try socket.response()
                    #expect(put.text == "hi")
                }
            }
            #expect(upstream.connections == 20)
            #expect(fixture.activator.suspects.isEmpty)
        }
    }

    /// As an instance does that ends with connections in its backlog.
    @Test func aRequestThatNobodyReadIsSentOnceMore() async throws {
        let upstream = try ScriptedUpstream { socket, number in
            if number % 2 == 0 {
                socket.resetUnread()
            } else {
                try ScriptedUpstream.echo(socket, number)
            }
        }
        defer { upstream.stop() }
        try await GatewayFixture.with(loops: 1) { fixture in
            fixture.publish(upstream)
            let got = try await fixture.client { try $0.get("/function/hello/a") }
            #expect(got.text == "GET /a HTTP/1.1")
            #expect(upstream.connections == 2)
        }
    }

    @Test func aRequestThatMustNotBeDoneTwiceIsNot() async throws {
        let upstream = try ScriptedUpstream { socket, _ in socket.resetUnread() }
        defer { upstream.stop() }
        try await GatewayFixture.with(loops: 1) { fixture in
            let handle = fixture.publish(upstream)
            let post = try await fixture.client { socket in
                try socket.send("POST /function/hello HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi")
                return try socket.response()
            }
            #expect(post.status == 502)
            #expect(upstream.connections == 1)
            #expect(fixture.activator.suspects == [handle.id])
            // And what may be done twice is done no more than twice.
            let get = try await fixture.client { try $0.get("/function/hello") }
            #expect(get.status == 502)
            #expect(upstream.connections == 3)
        }
    }

    @Test func refusedConnectionsLeadElsewhere() async throws {
        let upstream = try ScriptedUpstream(ScriptedUpstream.echo)
        defer { upstream.stop() }
        let closed = try ScriptedUpstream.closedPort()
        try await GatewayFixture.with { fixture in
            let dead = GatewayFixture.instance(fixture.key, port: closed)
            let alive = GatewayFixture.instance(fixture.key, port: upstream.port)
            fixture.gateway.publish(fixture.key, instances: [dead, alive])
            try await fixture.client { socket in
                for _ in 0..<10 {
                    let response = try socket.get("/function/hello")
                    #expect(response.status == 200)
                }
            }
            #expect(fixture.activator.suspects.allSatisfy { $0 == dead.id })
            #expect(await eventually { dead.gate.inFlight == 0 })
            // Alone, and nobody takes it away: one more attempt, then 502.
            fixture.gateway.publish(fixture.key, instances: [dead])
            let refused = try await fixture.client { try $0.get("/function/hello") }
            #expect(refused.status == 502)
            #expect(refused.text.contains("function_unreachable"))
            #expect(await eventually { dead.gate.inFlight == 0 })
        }
    }

    @Test func aRefusedRequestWaitsForTheNextInstance() async throws {
        let upstream = try ScriptedUpstream(ScriptedUpstream.echo)
        defer { upstream.stop() }
        let closed = try ScriptedUpstream.closedPort()
        var limits = GatewayLimits()
        limits.rerouteDelay = .seconds(3)
        try await GatewayFixture.with(limits: limits) { fixture in
            let dead = GatewayFixture.instance(fixture.key, port: closed)
            fixture.gateway.publish(fixture.key, instances: [dead])
            async let answer = fixture.client { try $0.get("/function/hello/x") }
            #expect(await eventually { !fixture.activator.suspects.isEmpty })
            _ = dead.gate.close()
            fixture.gateway.publish(fixture.key, instances: [])
            #expect(await ActivationTests.waiting(fixture, 1))
            fixture.publish(upstream)
            let response = try await answer
            #expect(response.text == "GET /x HTTP/1.1")
        }
    }

    @Test func instancesThatDoNotThawAreSuspects() async throws {
        var limits = GatewayLimits()
        limits.rerouteDelay = .seconds(3)
        try await GatewayFixture.with(limits: limits) { fixture in
            let handle = GatewayFixture.instance(fixture.key, port: 1, thawing: CountingThaw(fails: true))
            #expect(handle.gate.beginFreeze() && handle.gate.endFreeze(frozen: true))
            fixture.gateway.publish(fixture.key, instances: [handle])
            async let answer = fixture.client { try $0.get("/function/hello") }
            #expect(await eventually { fixture.activator.suspects.first == handle.id })
            _ = handle.gate.close()
            #expect(await ActivationTests.waiting(fixture, 1))
            #expect(await eventually { handle.gate.inFlight == 0 })
            fixture.gateway.startFailed(fixture.key)
            let response = try await answer
            #expect(response.status == 502)
        }
    }

    @Test func slowFunctionsAre504() async throws {
        let upstream = try ScriptedUpstream { socket, _ in
            _ = try Request.read(socket)
            // Ends when the gateway gives up.
            _ = try socket.read(until: "never")
        }
        defer { upstream.stop() }
        var spec = FunctionSpec()
        spec.timeout = .milliseconds(200)
        try await GatewayFixture.with(spec: spec) { fixture in
            let handle = fixture.publish(upstream)
            let (response, next) = try await fixture.client {
                (try $0.get("/function/hello"), try $0.get("/healthz"))
            }
            #expect(response.status == 504)
            #expect(response.text.contains("function_timeout"))
            #expect(next.status == 200)
            #expect(await eventually { handle.gate.inFlight == 0 })
        }
    }

    @Test func stalledBodiesAreCut() async throws {
        let upstream = try ScriptedUpstream { socket, _ in
            _ = try Request.read(socket)
            try socket.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")
            _ = try socket.read(until: "never")
        }
        defer { upstream.stop() }
        var limits = GatewayLimits()
        limits.stalledBodyTimeout = .milliseconds(200)
        try await GatewayFixture.with(limits: limits) { fixture in
            let handle = fixture.publish(upstream)
            try await fixture.client { socket in
                #expect(throws: (any Error).self) { try socket.get("/function/hello") }
            }
            #expect(await eventually { handle.gate.inFlight == 0 })
        }
    }

    @Test(arguments: ["head", "body", "wait", "answer"]) func clientsThatLeave(_ stage: String) async throws {
        let ended = Atomic<Int>(0)
        let upstream = try ScriptedUpstream { socket, _ in
            defer { ended.wrappingAdd(1, ordering: .relaxed) }
            _ = try socket.read(until: "\r\n\r\n")
            if stage == "answer" {
                try socket.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
                while true { try socket.send([UInt8](repeating: 1, count: 65_536)) }
            }
            _ = try socket.read(until: "never")
        }
        defer { upstream.stop() }
        try await GatewayFixture.with { fixture in
            let handle = fixture.publish(upstream)
            let client = try await fixture.client { socket in
                switch stage {
                case "head": try socket.send("GET /function/he")
                case "body":
                    try socket.send(
                        "POST /function/hello HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc")
                default: try socket.send("GET /function/hello HTTP/1.1\r\nHost: h\r\n\r\n")
                }
                if stage == "answer" { _ = try socket.read(exactly: 100_000) }
                return socket
            }
            let isThere = await eventually {
                stage == "head" ? fixture.gateway.clientConnections == 1 : handle.gate.inFlight == 1
            }
            #expect(isThere)
            client.shut()
            #expect(await eventually { fixture.gateway.clientConnections == 0 && handle.gate.inFlight == 0 })
            if stage != "head" { #expect(await eventually { ended.load(ordering: .relaxed) == 1 }) }
        }
    }

    @Test func aGigabyteStreamsInLittleMemory() async throws {
        let part = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8) }
        let upstream = try ScriptedUpstream { socket, _ in
            _ = try Request.read(socket)
            try socket.send("HTTP/1.1 200 OK\r\nContent-Length: \(1 << 30)\r\n\r\n")
            for _ in 0..<1024 { try socket.send(part) }
        }
        defer { upstream.stop() }
        try await GatewayFixture.with { fixture in
            fixture.publish(upstream)
            let before = Self.residentBytes()
            let peak = try await fixture.client { socket in
                try socket.send("GET /function/hello HTTP/1.1\r\nHost: h\r\n\r\n")
                _ = try socket.read(until: "\r\n\r\n")
                var (count, peak) = (0, 0)
                usleep(300_000)
                while count < 1 << 30 {
                    let bytes = try socket.receive(1 << 18)
                    if bytes.isEmpty { break }
                    count += bytes.count
                    if count % (1 << 24) < bytes.count { peak = max(peak, Self.residentBytes()) }
                }
                #expect(count == 1 << 30)
                return peak
            }
            #expect(peak - before < 200 << 20)
        }
    }

    @Test func connectionsAreBounded() async throws {
        var limits = GatewayLimits()
        limits.clientConnections = 3
        try await GatewayFixture.with(limits: limits) { fixture in
            try await fixture.client { socket in
                let port = fixture.port
                let others = [try RawSocket.connect(port), try RawSocket.connect(port)]
                for other in others + [socket] { #expect(try other.get("/healthz").status == 200) }
                let surplus = try RawSocket.connect(port)
                #expect(surplus.isEnded())
                others[0].shut()
                // The gateway learns of it on its own time.
                var status: Int?
                for _ in 0..<500 where status == nil {
                    status = try? RawSocket.connect(port).get("/healthz").status
                    if status == nil { usleep(10_000) }
                }
                #expect(status == 200)
                #expect(try others[1].get("/healthz").status == 200)
            }
        }
    }

    private static func residentBytes() -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return (Int(text.split(separator: " ")[1]) ?? 0) * 4096
    }

    private struct Lacking: ExhaustionTelling {
        let what: Exhaustion?
        func exhausted() -> Exhaustion? { what }
    }

    /// A call that fails while its instance has run out of something says so by its code.
    @Test func whatAnInstanceRanOutOfIsTheCode() async throws {
        let upstream = try ScriptedUpstream { socket, _ in _ = try Request.read(socket) }
        defer { upstream.stop() }
        try await GatewayFixture.with { fixture in
            let codes: [(Exhaustion?, String)] = [
                (.memory, "oom_killed"), (.pids, "pids_exhausted"), (.disk, "disk_quota"),
                (nil, "function_failed"),
            ]
            for (what, code) in codes {
                let handle = GatewayFixture.instance(
                    fixture.key, port: upstream.port, exhaustion: Lacking(what: what))
                fixture.gateway.publish(fixture.key, instances: [handle])
                let response = try await fixture.client { try $0.get("/function/hello") }
                #expect(response.status == 502 && response.text.contains("\"\(code)\""), "\(response)")
            }
        }
    }

    /// Each of a few failed calls is told with what the client got, and of a flood of them their number.
    @Test func failedCallsAreTold() async throws {
        let upstream = try ScriptedUpstream { socket, _ in _ = try Request.read(socket) }
        defer { upstream.stop() }
        try await GatewayFixture.with { fixture in
            let handle = fixture.publish(upstream)
            for number in 0..<20 {
                let response = try await fixture.client {
                    try $0.get("/function/hello", "X-Call-Id: c\(number)\r\n")
                }
                #expect(response.status == 502)
            }
            let told = fixture.activator.failed
            #expect(told.count == Limits.failedCallsTold)
            #expect(told.first?.callID == "c0" && told.first?.code == "function_failed")
            #expect(told.first?.instance == handle.id && told.first?.function == fixture.key)
            // What is no failure of a function's is not told of one.
            let missing = try await fixture.client { try $0.get("/function/none").status }
            #expect(missing == 404 && fixture.activator.failed.count == told.count)
        }
    }
}
