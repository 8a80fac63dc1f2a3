import HTTPWire
import Testing

struct ResponseTests {
    let wire = WireFixture()
    static let stamps =
        "\r\nX-Start-Time: 12\r\nX-Duration-Seconds: 0.006750\r\n"
        + "Server-Timing: torpor;desc=\"cold\", queue;dur=1.500, start;dur=2.000, function;dur=3.250\r\n\r\n"

    @Test func stamped() throws {
        let response = try #require(
            try wire.response(
                "HTTP/1.1 200 OK\r\nServer-Timing: db;dur=5\r\nContent-Length: 3\r\nX-Call-Id: fake\r\n"
                    + "X-Duration-Seconds: 9\r\nA: b\r\n\r\nabc"))
        #expect(
            response.text.hasPrefix(
                "HTTP/1.1 200 OK\r\nServer-Timing: db;dur=5\r\nContent-Length: 3\r\nA: b\r\nX-Call-Id: "))
        #expect(response.text.hasSuffix(Self.stamps))
        #expect(!response.text.contains("fake"))
        #expect(response.head.body == .length(3))
        #expect(response.head.keepAlive && response.head.clientKeepAlive)
    }

    @Test(arguments: [
        ("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", false, BodyFraming.none),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", false, .none),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true, .none),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true, .none),
        ("HTTP/1.1 200 OK\r\n\r\n", true, .none), ("HTTP/1.1 200 OK\r\n\r\n", false, .untilClose),
        ("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", false, .none),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false, .chunked),
        ("HTTP/1.0 200 OK\r\nContent-Length: 7\r\n\r\n", false, .length(7)),
    ]) func framings(_ text: String, _ isHEAD: Bool, _ expected: BodyFraming) throws {
        let response = try #require(try wire.response(text, isHEAD: isHEAD))
        #expect(response.head.body == expected)
        #expect(response.head.clientKeepAlive == (expected != .untilClose))
        #expect(response.text.contains("Connection: close\r\n") == (expected == .untilClose))
        #expect(response.text.contains("Transfer-Encoding") == (expected == .chunked))
    }

    @Test func clientsOfHTTP10() throws {
        let chunked = try #require(
            try wire.response("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", isHTTP10: true))
        #expect(!chunked.text.contains("Transfer-Encoding"))
        #expect(!chunked.head.clientKeepAlive)
        #expect(chunked.text.contains("Connection: close\r\n"))
        let sized = try #require(
            try wire.response("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", isHTTP10: true))
        #expect(sized.text.contains("Connection: keep-alive\r\n"))
    }

    @Test func persistenceOfTheFunction() throws {
        #expect(try wire.response("HTTP/1.1 204 X\r\n\r\n")?.head.keepAlive == true)
        #expect(try wire.response("HTTP/1.1 204 X\r\nConnection: close\r\n\r\n")?.head.keepAlive == false)
        #expect(try wire.response("HTTP/1.0 204 X\r\n\r\n")?.head.keepAlive == false)
        #expect(try wire.response("HTTP/1.0 204 X\r\nConnection: keep-alive\r\n\r\n")?.head.keepAlive == true)
    }

    @Test func interimResponses() throws {
        let hints = try #require(try wire.response("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200"))
        #expect(hints.text == "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
        let switching =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        #expect(try wire.response(switching, upgrade: true)?.text == switching)
        #expect(throws: HeadError.malformed) { try wire.response(switching) }
    }

    @Test func nominatedHeadersEnd() throws {
        let response = try #require(
            try wire.response("HTTP/1.1 204 X\r\nX-Hop: 1\r\nConnection: x-hop\r\nX-Hopp: 2\r\n\r\n"))
        #expect(!response.text.contains("X-Hop:"))
        #expect(response.text.contains("X-Hopp: 2"))
    }

    @Test(arguments: [
        "garbage\r\n\r\n", "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n..", "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n", "HTTP/1.1 200 OK\n\n......", "HTTP/1.1 200 O\0K\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "HTTP/1.1 0 OK\r\n\r\n   ", "SSH-2.0",
    ]) func garbageIsRefused(_ text: String) {
        #expect(throws: HeadError.malformed) { try wire.response(text) }
    }

    @Test func headsAreBounded() {
        let wire = WireFixture(headLimit: 100)
        #expect(throws: HeadError.tooLarge) {
            try wire.response("HTTP/1.1 200 OK\r\nA: \(String(repeating: "a", count: 200))")
        }
    }
}
