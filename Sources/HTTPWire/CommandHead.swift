/// The head of a command's response: a plain one, or what the command wrote itself as a CGI program does (RFC 3875,
/// section 6). Written as an HTTP/1.1 response's, which `ResponseRewriter` then reads like any function's.
package struct CommandHead: Sendable {
    /// `200 OK`.
    private let status: [UInt8]
    /// Header lines, each with its CRLF.
    private let lines: [UInt8]
    /// Bytes of the output that it took.
    package let length: Int

    /// Of a command that writes the body alone.
    package static let plain = CommandHead(status: "200 OK")
    /// The same, of one that has failed.
    package static let failed = CommandHead(status: "500 Internal Server Error")

    private init(status: String) {
        self.status = Array(status.utf8)
        lines = Array("Content-Type: text/plain; charset=utf-8\r\n".utf8)
        length = 0
    }

    /// Whether the response has no body, whatever the command writes.
    package var isBodyless: Bool { status.starts(with: "204".utf8) || status.starts(with: "304".utf8) }

    /// Reads a CGI head: lines that end with LF or CRLF, up to an empty one. `Status` sets the status, else `Location`
    /// makes it 302. What says how the message is framed is left out: that is this side's business.
    /// - Returns: nil when it is not complete.
    package init?(cgi input: RawSpan) throws(HeadError) {
        var status = Array("200 OK".utf8)
        var hasStatus = false
        var lines: [UInt8] = []
        var offset = 0
        while true {
            guard let line = Self.line(input, from: offset) else { return nil }
            offset = line.next
            if line.text.isEmpty { break }
            guard let colon = line.text.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { throw .malformed }
            let name = String(decoding: line.text[..<colon], as: UTF8.self).lowercased()
            switch name {
            case "status":
                status = Array(line.text[(colon + 1)...].drop(while: Grammar.isBlank))
                hasStatus = true
            case "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "trailer":
                break
            case "location":
                if !hasStatus { status = Array("302 Found".utf8) }
                lines += line.text + [0x0d, 0x0a]
            default: lines += line.text + [0x0d, 0x0a]
            }
        }
        guard offset > 2, status.count >= 3, (UInt8(ascii: "2")...UInt8(ascii: "5")).contains(status[0])
        else {
            throw .malformed
        }
        self.status = status
        self.lines = lines
        length = offset
    }

    private static func line(_ input: RawSpan, from start: Int) -> (text: [UInt8], next: Int)? {
        var text: [UInt8] = []
        for offset in start..<input.byteCount {
            let byte = input.byte(offset)
            if byte == 0x0a {
                if text.last == 0x0d { text.removeLast() }
                return (text, offset + 1)
            }
            text.append(byte)
        }
        return nil
    }

    /// - Parameter bodyLength: nil is a body in chunks.
    package func bytes(bodyLength: Int?) -> [UInt8] {
        let framing = bodyLength.map { "Content-Length: \($0)" } ?? "Transfer-Encoding: chunked"
        return Array("HTTP/1.1 ".utf8) + status + [0x0d, 0x0a] + lines
            + Array("\(framing)\r\nConnection: close\r\n\r\n".utf8)
    }
}
