import HTTPWire
import Testing

struct RequestEnvironmentTests {
    private func variables(
        _ head: String, own: Set<String> = [], lines: Int = 100, bytes: Int = 10_000
    ) throws -> [String] {
        let context = RequestEnvironment.Context(
            script: "/function/f", origin: ClientOrigin(address: "192.0.2.7"), own: own, lineLimit: lines,
            byteLimit: bytes)
        let input = Array(head.utf8)
        let environment = try RequestEnvironment(input.span.bytes, context)
        #expect(input[..<environment.headLength].suffix(4) == [13, 10, 13, 10])
        #expect(environment.bytes.last == 0)
        return environment.bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func pathAndQuery() throws {
        let all = try variables("GET /a%2fb/%e2%82%ac?q=%41 HTTP/1.1\r\nHost: [::1]:81\r\n\r\nbody")
        for line in [
            "PATH_INFO=/a/b/€", "QUERY_STRING=q=%41", "REQUEST_URI=/function/f/a%2fb/%e2%82%ac?q=%41",
            "SERVER_NAME=[::1]", "SERVER_PORT=81", "REMOTE_ADDR=192.0.2.7", "Http_Path=/a/b/€",
        ] { #expect(all.contains(line), "\(line)") }
        #expect(try variables("GET /%zz%4 HTTP/1.1\r\nHost: a\r\n\r\n").contains("PATH_INFO=/%zz%4"))
        #expect(try variables("OPTIONS * HTTP/1.1\r\nHost: [::1]\r\n\r\n").contains("SERVER_PORT=80"))
        #expect(throws: HeadError.malformed) {
            try variables("GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n")
        }
    }

    @Test func headersOfOneNameAreJoined() throws {
        let all = try variables(
            "GET / HTTP/1.1\r\nA-b: 1\r\nCookie: x\r\na-B: 2\r\ncookie: y\r\nHost: h\r\n\r\n")
        #expect(all.contains("HTTP_A_B=1, 2") && all.contains("Http_A_B=1, 2"))
        #expect(all.contains("HTTP_COOKIE=x; y"))
        #expect(all.filter { $0.hasPrefix("HTTP_A_B=") }.count == 1)
    }

    @Test func whatCouldBeFeignedIsLeftOut() throws {
        let all = try variables(
            "GET / HTTP/1.1\r\nHost: h\r\nProxy: a\r\nPath: a\r\nmethod: a\r\nQuery: a\r\nContentLength: a\r\nX_Y: a\r\nX.Y: a\r\nX-Mine: a\r\nConnection: a\r\n\r\n",
            own: ["HTTP_X_MINE"])
        #expect(!all.contains { $0.hasSuffix("=a") && $0 != "Http_X_Mine=a" })
        #expect(all.contains("Http_X_Mine=a"))
    }

    @Test func bounds() throws {
        let lines = (0..<20).map { "A\($0): b\r\n" }.joined()
        let head = "GET / HTTP/1.1\r\nHost: h\r\n\(lines)\r\n"
        #expect(try variables(head, lines: 21).contains("HTTP_A19=b"))
        #expect(throws: HeadError.tooLarge) { try variables(head, lines: 20) }
        #expect(throws: HeadError.tooLarge) { try variables(head, bytes: 300) }
    }
}

struct CommandHeadTests {
    private func text(_ head: String, length: Int? = 3) throws -> String? {
        let input = Array(head.utf8)
        let read = try CommandHead(cgi: input.span.bytes)
        return read.map { String(decoding: $0.bytes(bodyLength: length), as: UTF8.self) }
    }

    @Test func heads() throws {
        #expect(
            try text("Status: 404 Gone Fishing\nA: b\r\nConnection: x\n\nbody")
                == "HTTP/1.1 404 Gone Fishing\r\nA: b\r\nContent-Length: 3\r\nConnection: close\r\n\r\n")
        #expect(
            try text("Content-Type: a/b\n\n", length: nil)
                == "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        )
        #expect(try text("Location: /x\n\n")?.hasPrefix("HTTP/1.1 302 Found\r\nLocation: /x\r\n") == true)
        #expect(try text("Location: /x\nStatus: 201 Made\n\n")?.hasPrefix("HTTP/1.1 201 Made\r\n") == true)
        for partial in ["", "A", "A: b", "A: b\n", "A: b\r\n"] { #expect(try text(partial) == nil) }
    }

    @Test(arguments: [
        "\n", "\r\n", "no colon\n\n", ": x\n\n", "Status: abc\n\n", "Status: 100 x\n\n", "Status:\n\n",
    ])
    func malformed(_ head: String) {
        #expect(throws: HeadError.malformed) { try text(head) }
    }
}
