import HTTPWire
import Testing

struct RequestTests {
    let wire = WireFixture()

    @Test func routesByPath() throws {
        let request = try #require(
            try wire.request("GET /function/hello/a/b?c=d HTTP/1.1\r\nHost: h\r\nAccept: */*\r\n\r\nrest"))
        #expect(request.head.target == .function(1))
        #expect(request.text.hasPrefix("GET /a/b?c=d HTTP/1.1\r\nHost: h\r\nAccept: */*\r\nX-Call-Id: "))
        #expect(
            request.text.hasSuffix(
                "X-Start-Time: 1795227251654252852\r\nX-Forwarded-For: 192.0.2.1\r\n"
                    + "X-Forwarded-Proto: http\r\nX-Forwarded-Host: h\r\n\r\n"))
        #expect(request.stamp.callID.count == 32)
        #expect(request.text.contains("X-Call-Id: \(request.stamp.callID)\r\n"))
    }

    @Test(arguments: [
        ("/function/hello", RequestTarget.function(1), "/"), ("/function/hello?x", .function(1), "/?x"),
        ("/function/hello/", .function(1), "/"), ("/function/hello.default/y", .function(1), "/y"),
        ("/function/other.space//", .function(2), "//"), ("/function/other", .unknown, "/"),
        ("/function/", .unknown, "/"), ("/function", .unknown, "/function"),
        ("/function/hell", .unknown, "/"), ("/function/helloo", .unknown, "/"), ("/", .unknown, "/"),
        ("/healthz", .health, "/healthz"), ("/healthz?v", .health, "/healthz?v"),
        ("/healthzz", .unknown, "/healthzz"), ("/metrics", .platform, "/metrics"),
        ("/metrics?a", .platform, "/metrics?a"), ("/metricss", .unknown, "/metricss"),
        ("/system/functions", .platform, "/system/functions"), ("/system", .unknown, "/system"),
        ("/ui/", .platform, "/ui/"), ("/uix", .unknown, "/uix"),
    ]) func targets(_ target: String, _ expected: RequestTarget, _ path: String) throws {
        let request = try #require(try wire.request("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n"))
        #expect(request.head.target == expected)
        #expect(request.text.hasPrefix("GET \(path) HTTP/1.1\r\n"))
    }

    @Test(arguments: [
        ("hello.default.torpor.internal", RequestTarget.function(1)),
        ("HELLO.Default.Torpor.Internal:8080", .function(1)), ("other.space.torpor.internal.", .function(2)),
        ("nobody.default.torpor.internal", .unknown), ("a.b.c.torpor.internal", .unknown),
    ]) func routesByHost(_ host: String, _ expected: RequestTarget) throws {
        // The platform's paths belong to the function there.
        for path in ["/function/x/y", "/healthz", "/"] {
            let request = try #require(try wire.request("GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n"))
            #expect(request.head.target == expected)
            #expect(request.text.hasPrefix("GET \(path) HTTP/1.1\r\nHost: \(host)\r\n"))
        }
    }

    @Test func otherHostsAreNoFunctions() throws {
        for host in [
            "torpor.internal", ".torpor.internal", "xtorpor.internal", "hello.default.torpor.internalx",
        ] {
            let request = try #require(try wire.request("GET /healthz HTTP/1.1\r\nHost: \(host)\r\n\r\n"))
            #expect(request.head.target == .health)
        }
    }

    @Test func absoluteTargets() throws {
        let byPath = try #require(
            try wire.request("GET http://example.org/function/hello/z HTTP/1.1\r\nHost: evil\r\n\r\n"))
        #expect(byPath.head.target == .function(1))
        #expect(byPath.text.hasPrefix("GET /z HTTP/1.1\r\n"))
        #expect(byPath.text.contains("\r\nHost: example.org\r\n"))
        #expect(!byPath.text.contains("evil"))
        let byHost = try #require(
            try wire.request("GET http://hello.default.torpor.internal?q HTTP/1.1\r\nHost: evil\r\n\r\n"))
        #expect(byHost.head.target == .function(1))
        #expect(byHost.text.hasPrefix("GET /?q HTTP/1.1\r\n"))
    }

    @Test func hopByHopHeadersEnd() throws {
        let request = try #require(
            try wire.request(
                "GET /function/x HTTP/1.1\r\nHost: h\r\nA: 1\r\nConnection: close, X-Secret\r\nX-Secret: s\r\n"
                    + "Keep-Alive: 5\r\nTE: trailers\r\nTrailer: t\r\nUpgrade: u\r\nProxy-Connection: p\r\n"
                    + "Proxy-Authorization: q\r\nX-Start-Time: 1\r\nB: 2\r\n\r\n"))
        #expect(request.text.hasPrefix("GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\nB: 2\r\nX-Call-Id"))
        #expect(!request.head.keepAlive)
    }

    @Test func callIDs() throws {
        let sane = try #require(try wire.request("GET /x HTTP/1.1\r\nHost: h\r\nX-Call-Id: my-id.1\r\n\r\n"))
        #expect(sane.stamp.callID == "my-id.1")
        #expect(sane.text.contains("X-Call-Id: my-id.1\r\n"))
        for id in ["", "a b", "a\"b", String(repeating: "x", count: 129), "é"] {
            let other = try #require(
                try wire.request("GET /x HTTP/1.1\r\nHost: h\r\nX-Call-Id: \(id)\r\n\r\n"))
            #expect(other.stamp.callID.count == 32)
            #expect(other.text.components("X-Call-Id").count == 2)
        }
        let longest = String(repeating: "x", count: 128)
        let kept = try #require(
            try wire.request("GET /x HTTP/1.1\r\nHost: h\r\nX-Call-Id: \(longest)\r\n\r\n"))
        #expect(kept.stamp.callID == longest)
    }

    @Test func forwardingHeadersGrow() throws {
        let request = try #require(
            try wire.request(
                "GET /x HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: a\r\nX-Forwarded-Proto: https\r\n"
                    + "X-Forwarded-For: b, c\r\nX-Forwarded-Host: public\r\n\r\n"))
        #expect(request.text.contains("X-Forwarded-For: a\r\n"))
        #expect(request.text.contains("X-Forwarded-For: b, c, 192.0.2.1\r\n"))
        #expect(request.text.components("X-Forwarded-Proto").count == 2)
        #expect(request.text.contains("X-Forwarded-Proto: https\r\n"))
        #expect(request.text.contains("X-Forwarded-Host: public\r\n"))
        #expect(request.text.components("X-Forwarded-Host").count == 2)
    }

    @Test func framings() throws {
        func framing(_ headers: String, version: String = "1.1") throws -> BodyFraming? {
            try wire.request("POST /x HTTP/\(version)\r\nHost: h\r\n\(headers)\r\n")?.head.body
        }
        #expect(try framing("") == BodyFraming.none)
        #expect(try framing("Content-Length: 0\r\n") == BodyFraming.none)
        #expect(try framing("Content-Length: 12\r\n") == .length(12))
        #expect(try framing("content-length: 12\r\nContent-Length: 12\r\n") == .length(12))
        #expect(try framing("Transfer-Encoding: chunked\r\n") == .chunked)
        #expect(try framing("tRANSFER-eNCODING: Chunked\r\n") == .chunked)
        let chunked = try #require(
            try wire.request("POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n"))
        #expect(chunked.text.components("ransfer-").count == 2)
        #expect(chunked.text.contains("\r\nTransfer-Encoding: chunked\r\n\r\n"))
    }

    @Test(arguments: [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5, 5\r\n", "Content-Length: +5\r\n", "Content-Length: \r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: 9999999999999999999\r\n", "Content-Length : 5\r\n", "Content-Length: 5 5\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "Host: other\r\n", "A: b\r\n c\r\n",
        "A: b\nC: d\r\n", "A: b\rC: d\r\n", "A: b\0c\r\n", "A: \u{7f}\r\n", "A: \u{1}\r\n", ": x\r\n",
        "A\r\n",
        "A b: c\r\n", " A: b\r\n", "A(: b\r\n", "Connection: host\r\n", "Connection: content-length\r\n",
        "Connection: Transfer-Encoding\r\n", "\u{e9}: x\r\n",
    ]) func ambiguousRequestsAreRefused(_ headers: String) {
        #expect(throws: HeadError.malformed) {
            try wire.request("POST /x HTTP/1.1\r\nHost: h\r\n\(headers)\r\n")
        }
    }

    @Test func otherRefusals() {
        func error(_ text: String) -> HeadError? {
            do throws(HeadError) {
                _ = try wire.request(text)
                return nil
            } catch {
                return error
            }
        }
        #expect(
            error("POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n")
                == .transferCoding)
        #expect(
            error("POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n") == .transferCoding)
        #expect(error("POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == .malformed)
        #expect(error("GET /x HTTP/1.1\r\nHost: h\r\nExpect: magic\r\n\r\n") == .expectation)
        #expect(error("GET /x HTTP/2.0\r\nHost: h\r\n\r\n") == .version)
        #expect(error("GET /x HTTP/1.1\r\n\r\n") == .malformed)
        #expect(error("GET /x HTTP/1.1\r\nHost: a b\r\n\r\n") == .malformed)
        #expect(error("GET /x HTTP/1.1\r\nHost: a@b\r\n\r\n") == .malformed)
        #expect(error("GET /x HTTP/1.1\nHost: a\n\n") == .malformed)
        #expect(error("GET  /x HTTP/1.1\r\n") == .malformed)
        #expect(error("GET /x\r\n") == .malformed)
        #expect(error("GET /x HTTP/1.1 \r\n") == .malformed)
        #expect(error("GET /x http/1.1\r\n") == .malformed)
        #expect(error("CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n") == .malformed)
        #expect(error("GET x HTTP/1.1\r\nHost: h\r\n\r\n") == .malformed)
        #expect(error("\u{16}\u{3}\u{1}") == .malformed)
        #expect(error(String(repeating: "A", count: 40)) == .malformed)
    }

    @Test func headsAreBounded() throws {
        let wire = WireFixture(headLimit: 256)
        let long = "GET /x HTTP/1.1\r\nHost: h\r\nA: \(String(repeating: "a", count: 300))"
        #expect(throws: HeadError.tooLarge) { try wire.request(long) }
        #expect(throws: HeadError.tooLarge) { try wire.request(long + "\r\n\r\n") }
        let fits = "GET /x HTTP/1.1\r\nHost: h\r\nA: \(String(repeating: "a", count: 200))\r\n\r\n"
        // A body behind the head does not count.
        #expect(try wire.request(fits + String(repeating: "b", count: 500)) != nil)
    }

    @Test func persistence() throws {
        func keepAlive(_ version: String, _ connection: String?) throws -> Bool? {
            let header = connection.map { "Connection: \($0)\r\n" } ?? ""
            return try wire.request("GET /x HTTP/\(version)\r\nHost: h\r\n\(header)\r\n")?.head.keepAlive
        }
        #expect(try keepAlive("1.1", nil) == true)
        #expect(try keepAlive("1.1", "close") == false)
        #expect(try keepAlive("1.1", "keep-alive, Close") == false)
        #expect(try keepAlive("1.0", nil) == false)
        #expect(try keepAlive("1.0", "Keep-Alive") == true)
    }

    @Test func upgrades() throws {
        let request = try #require(
            try wire.request(
                "GET /x HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n")
        )
        #expect(request.head.upgrade)
        #expect(request.text.hasSuffix("Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"))
        for refused in [
            "Upgrade: websocket\r\n", "Connection: upgrade\r\n", "Connection: upgrade\r\nUpgrade: h2c\r\n",
        ] {
            let plain = try #require(try wire.request("GET /x HTTP/1.1\r\nHost: h\r\n\(refused)\r\n"))
            #expect(!plain.head.upgrade)
            #expect(!plain.text.lowercased().contains("upgrade"))
        }
    }

    @Test func expectations() throws {
        let head = "POST /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
        let request = try #require(try wire.request(head))
        #expect(request.head.expectsContinue)
        #expect(!request.text.contains("Expect"))
        #expect(try wire.request(head + "abc")?.head.length == head.utf8.count)
    }

    @Test func emptyLinesBeforeARequestAreSkipped() throws {
        let request = try #require(try wire.request("\r\n\r\nGET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"))
        #expect(request.head.target == .health)
    }
}

extension String {
    func components(_ separator: String) -> [String] {
        var parts: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}
