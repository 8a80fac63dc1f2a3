import ControlAPI
import Core
import Foundation
import Testing

extension AcceptanceTests {
    /// The gateway's contract, seen from a client.
    @Suite struct GatewayTests {
        @Test func routesAndHeaders() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                let plain = try torpor.get("/function/hello/request?a=b&c=%20d", [("X-Call-Id", "my-call")])
                try #require(plain.status == 200, "\(plain.text)")
                #expect(plain.text.hasPrefix("GET /request?a=b&c=%20d\n"))
                #expect(plain["X-Call-Id"] == "my-call")
                let started = try #require(plain["X-Start-Time"].flatMap(Int64.init))
                #expect(abs(Double(started) / 1e9 - Date().timeIntervalSince1970) < 60)
                #expect(try #require(plain["X-Duration-Seconds"].flatMap(Double.init)) >= 0)
                #expect(plain.warmth == "warm")
                for part in ["queue", "start", "function"] { #expect(plain.timing(part) != nil, "\(part)") }

                #expect(try torpor.get("/function/hello.default/request").text.hasPrefix("GET /request?\n"))
                #expect(try torpor.get("/function/hello").text.contains("hello /"))
                let byHost = try torpor.get("/request", [("Host", "hello.default.torpor.internal")])
                #expect(byHost.text.hasPrefix("GET /request?\n"))
                #expect(try #require(try torpor.get("/function/hello")["X-Call-Id"]).count > 8)

                for unknown in ["/function/nobody", "/function/hello.other", "/nowhere"] {
                    let response = try torpor.get(unknown)
                    #expect(response.status == 404, "\(unknown)")
                    #expect(response["X-Call-Id"] != nil)
                }
                #expect(try torpor.get("/healthz").status == 200)
            }
        }

        @Test func bodiesOfEverySize() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                let kept = try torpor.connect()
                for size in [0, 1, 4095, 65_536, 300_000, 1 << 20] {
                    let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                    let head = requestHead("POST", "/function/hello/echo", [("Content-Length", "\(size)")])
                    try kept.send(Array(head.utf8) + body)
                    let response = try kept.response(to: "POST")
                    try #require(response.status == 200)
                    #expect(response.body == body, "\(size) bytes on a kept connection")
                }
                let chunked = try torpor.connect()
                try chunked.send(
                    requestHead("POST", "/function/hello/echo", [("Transfer-Encoding", "chunked")]))
                for size in [1, 70_000, 3] {
                    try chunked.send(
                        "\(String(size, radix: 16))\r\n\(String(repeating: "z", count: size))\r\n")
                }
                try chunked.send("0\r\n\r\n")
                #expect(try chunked.response(to: "POST").text == String(repeating: "z", count: 70_004))
            }
        }

        /// Bytes go through as they come, in both directions at once.
        @Test func streamsBothWays() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                let connection = try torpor.connect()
                try connection.send(
                    requestHead("POST", "/function/hello/stream", [("Transfer-Encoding", "chunked")]))
                #expect(try connection.head().status == 200, "the answer begins before the request has ended")
                for word in ["one", "second", "3"] {
                    try connection.send("\(String(word.utf8.count, radix: 16))\r\n\(word)\r\n")
                    var seen = ""
                    while !seen.contains(word) {
                        let more = try connection.receive()
                        try #require(!more.isEmpty)
                        seen += String(decoding: more, as: UTF8.self)
                    }
                }
                try connection.send("0\r\n\r\n")
                #expect(String(decoding: try connection.receive(), as: UTF8.self).hasSuffix("0\r\n\r\n"))
            }
        }

        /// 1 GB goes through; the daemon's memory does not grow with it, though the client reads slowly at first.
        @Test func aGigabyteIsStreamed() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                _ = try torpor.get("/function/hello/big?bytes=1000000")
                let before = residentBytes(torpor.pid)
                let size = 1 << 30
                let connection = try torpor.connect()
                try connection.send(requestHead("GET", "/function/hello/big?bytes=\(size)"))
                pause(.milliseconds(500))
                #expect(
                    residentBytes(torpor.pid) - before < 24 << 20, "nothing is collected while nobody reads")
                #expect(try connection.head()["Content-Length"] == "\(size)")
                var left = size
                var highest = 0
                while left > 0 {
                    let bytes = try connection.receive()
                    try #require(!bytes.isEmpty, "\(left) bytes are missing")
                    left -= bytes.count
                    if left & 0xfff == 0 { highest = max(highest, residentBytes(torpor.pid)) }
                }
                #expect(left == 0)
                #expect(max(highest, residentBytes(torpor.pid)) - before < 32 << 20)
            }
        }

        @Test func statusesWithoutBody() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                let kept = try torpor.connect()
                try kept.send(requestHead("HEAD", "/function/hello/big?bytes=1000"))
                let head = try kept.response(to: "HEAD")
                #expect(head.status == 200)
                #expect(head["Content-Length"] == "1000")
                try kept.send(requestHead("GET", "/function/hello/status"))
                #expect(try kept.response().status == 204)
                try kept.send(requestHead("GET", "/function/hello"))
                #expect(try kept.response().status == 200, "the connection goes on")
            }
        }

        @Test func anAnswerBeforeTheRequestHasEnded() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                let connection = try torpor.connect()
                try connection.send(
                    requestHead("POST", "/function/hello/early", [("Content-Length", "100000000")]))
                try connection.send([UInt8](repeating: 1, count: 1000))
                #expect(try connection.response(to: "POST").status == 413)
                #expect(try torpor.get("/function/hello").status == 200)
            }
        }
    }
}

/// VmRSS of proc_pid_status(5), in bytes.
func residentBytes(_ pid: pid_t) -> Int {
    let line = Host.text("/proc/\(pid)/status").split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) << 10
}
