import HTTPWire
import Testing

/// Seeded mutations of good heads: reading and writing outside the given bytes traps, so that surviving is the test.
struct HostileInputTests {
    static let heads = [
        "GET /function/hello/a?b HTTP/1.1\r\nHost: hello.default.torpor.internal:80\r\nX-Forwarded-For: a\r\n"
            + "X-Forwarded-For: b\r\nConnection: close, X-A, te\r\nX-A: 1\r\nContent-Length: 5\r\n\r\nhello",
        "POST http://example.org/function/x HTTP/1.1\r\nHost: e\r\nTransfer-Encoding: chunked\r\n"
            + "Expect: 100-continue\r\nX-Call-Id: abc\r\nUpgrade: w\r\nConnection: upgrade\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nServer-Timing: a\r\nConnection: x\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.0 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 12\r\n\r\n",
    ]

    @Test(arguments: 0..<8) func mutationsNeverLeaveTheirBounds(_ seed: UInt64) {
        var random = Generator(state: seed &* 77 + 1)
        let wire = WireFixture()
        var accepted = 0
        for _ in 0..<4000 {
            var bytes = Array(Self.heads[Int.random(in: 0..<Self.heads.count, using: &random)].utf8)
            mutate(&bytes, &random)
            let asRequest = try? wire.request(bytes)
            if let request = asRequest {
                accepted += 1
                #expect(request.head.length <= bytes.count)
                // What the function gets has one end of its head, and lines without bare CR or LF.
                #expect(request.text.hasSuffix("\r\n\r\n"))
                #expect(request.text.components("\r\n\r\n").count == 2)
            }
            for flag in [false, true] {
                let response = try? wire.response(bytes, isHEAD: flag, isHTTP10: flag, upgrade: !flag)
                if let response { #expect(response.head.length <= bytes.count) }
            }
            var chunks = ChunkScanner()
            if let used = try? chunks.scan(bytes.span.bytes, from: 0) { #expect(used <= bytes.count) }
        }
        #expect(accepted > 0)
    }

    @Test(arguments: 0..<4) func prefixesAreIncompleteOrRefused(_ index: Int) throws {
        let wire = WireFixture()
        let text = Self.heads[index]
        let bytes = Array(text.utf8)
        let isRequest = !text.hasPrefix("HTTP")
        let whole = text.components("\r\n\r\n")[0].utf8.count + 4
        for count in 0..<whole {
            let prefix = Array(bytes[..<count])
            if isRequest {
                #expect(try wire.request(prefix) == nil)
            } else {
                #expect(try wire.response(prefix, upgrade: true) == nil)
            }
        }
    }

    /// Strangest sizes: the most that may be added to the shortest input still has room.
    @Test func outputsFitTheirRoom() throws {
        let wire = WireFixture()
        let id = String(repeating: "i", count: 128)
        let host = String(repeating: "h", count: 262)
        let request = "GET http://\(host) HTTP/1.1\r\nHost: x\r\nX-Call-Id: \(id)\r\n\r\n"
        #expect(try wire.request(request) != nil)
        #expect(throws: HeadError.malformed) {
            try wire.request("GET /x HTTP/1.1\r\nHost: \(host)x\r\n\r\n")
        }
    }

    /// A head that is nothing but the shortest of repeatable lines does not outgrow its input.
    @Test func manyForwardingLinesFitTheirRoom() throws {
        let wire = WireFixture()
        for size in stride(from: 30_900, through: 31_744, by: 4) {
            var text = "GET /function/x HTTP/1.1\r\nHost: x\r\n"
            while text.utf8.count + 21 <= size { text += "x-forwarded-for:a\r\n" }
            let request = try #require(try wire.request(text + "\r\n"))
            #expect(request.text.utf8.count <= text.utf8.count + RequestRewriter.extraBytes)
        }
    }

    /// Each earlier line as it came and in its place, the last one with the client's address.
    @Test func earlierForwardingLinesStay() throws {
        let request = try #require(
            try WireFixture().request(
                "GET /x HTTP/1.1\r\nHost: x\r\nx-forwarded-for:a\r\nA: 1\r\nX-FORWARDED-FOR:  b \r\n"
                    + "B: 2\r\nx-forwarded-for: c\r\n\r\n"))
        #expect(
            request.text.components("X-Call-Id")[0]
                == "GET /x HTTP/1.1\r\nHost: x\r\nA: 1\r\nx-forwarded-for:a\r\nB: 2\r\n"
                + "X-FORWARDED-FOR:  b \r\n")
        #expect(request.text.contains("\r\nX-Forwarded-For: c, 192.0.2.1\r\n"))
    }

    /// Whatever lines a head consists of, and as many of one kind as there are bytes for.
    @Test(arguments: [
        "x-forwarded-for:a", "x-forwarded-host:a", "x-forwarded-proto:a", "x-call-id:a", "upgrade:a",
        "connection:upgrade", "te:a", "a:b", "content-length:1",
    ]) func noLineGrows(_ line: String) throws {
        let wire = WireFixture()
        let host = String(repeating: "h", count: 262)
        var text = "GET http://\(host)?q HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nupgrade:w\r\n"
        text += "X-Call-Id: \(String(repeating: "i", count: 128))\r\n"
        while text.utf8.count + line.utf8.count + 4 <= wire.headLimit { text += line + "\r\n" }
        #expect(try wire.request(text + "\r\n") != nil)
        var answer = "HTTP/1.1 200 OK\r\n"
        while answer.utf8.count + line.utf8.count + 4 <= wire.headLimit { answer += line + "\r\n" }
        #expect(try wire.response(answer + "\r\n") != nil)
    }

    private func mutate(_ bytes: inout [UInt8], _ random: inout Generator) {
        let interesting: [UInt8] = [0, 9, 10, 13, 32, 44, 47, 58, 0x7f, 0x80, 0xff, 48, 59, 63]
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            guard !bytes.isEmpty else { return }
            let index = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[index] = interesting[Int.random(in: 0..<interesting.count, using: &random)]
            case 1: bytes.remove(at: index)
            case 2: bytes.insert(.random(in: 0...255, using: &random), at: index)
            case 3: bytes.removeLast(bytes.count - index)
            case 4: bytes[index] ^= 0x20
            default:
                let end = min(bytes.count, index + Int.random(in: 1...40, using: &random))
                bytes.insert(contentsOf: Array(bytes[index..<end]), at: index)
            }
        }
    }
}

/// SplitMix64.
struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
