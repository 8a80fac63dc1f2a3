/// Tells a request to a command: the variables of RFC 3875 and those of OpenFaaS, each a text that ends with a NUL. Reads
/// the head that `RequestRewriter` has written. Pure: bytes in, bytes out.
///
/// A header is told as `HTTP_X_NAME` and `Http_X_Name`. One whose name has anything but letters, digits and '-' is left
/// out, as another's could be feigned by it, and so is `Proxy`, which libraries would take for their configuration.
package struct RequestEnvironment: Sendable {
    /// What is not in the head.
    package struct Context: Sendable {
        /// `/function/NAME`, or nothing where the host names the function.
        package var script: String
        package var origin: ClientOrigin
        /// Variables that the function sets itself.
        package var own: Set<String>
        package var lineLimit: Int
        package var byteLimit: Int

        package init(
            script: String, origin: ClientOrigin, own: Set<String>, lineLimit: Int, byteLimit: Int
        ) {
            self.script = script
            self.origin = origin
            self.own = own
            self.lineLimit = lineLimit
            self.byteLimit = byteLimit
        }
    }

    package private(set) var bytes: [UInt8] = []
    /// Bytes that the head takes of the input.
    package private(set) var headLength = 0
    private let context: Context

    /// - Throws: `tooLarge` beyond the context's limits, `malformed` for a path with a NUL.
    package init(_ input: RawSpan, _ context: Context) throws(HeadError) {
        self.context = context
        guard let line = try RequestLine.read(input) else { throw .malformed }
        bytes.reserveCapacity(2048)
        try addLine(line, input)
        let fields = try readFields(input, from: line.end)
        for field in fields { add(field, input) }
        if bytes.count > context.byteLimit { throw .tooLarge }
    }

    // MARK: The request line

    private mutating func addLine(_ line: RequestLine, _ input: RawSpan) throws(HeadError) {
        var pathEnd = line.targetStart
        while pathEnd < line.targetEnd, input.byte(pathEnd) != UInt8(ascii: "?") { pathEnd += 1 }
        let query = Self.copy(input, min(pathEnd + 1, line.targetEnd)..<line.targetEnd)
        let method = Self.copy(input, line.methodStart..<line.methodEnd)
        let path = try Self.decoded(Self.copy(input, line.targetStart..<pathEnd))
        let script = Array(context.script.utf8)
        add("GATEWAY_INTERFACE", Array("CGI/1.1".utf8))
        add("SERVER_SOFTWARE", Array("torpor".utf8))
        add("SERVER_PROTOCOL", Array("HTTP/1.1".utf8))
        add("REMOTE_ADDR", context.origin.address)
        add("REQUEST_METHOD", method)
        add("REQUEST_URI", script + Self.copy(input, line.targetStart..<line.targetEnd))
        add("SCRIPT_NAME", script)
        add("PATH_INFO", path)
        add("QUERY_STRING", query)
        add("Http_Method", method)
        add("Http_Path", path)
        add("Http_Query", query)
    }

    /// RFC 3875, section 4.1.5: as it is meant, not as it is written.
    private static func decoded(_ path: [UInt8]) throws(HeadError) -> [UInt8] {
        guard path.contains(UInt8(ascii: "%")) else { return path }
        var result: [UInt8] = []
        var index = 0
        while index < path.count {
            if path[index] == UInt8(ascii: "%"), index + 2 < path.count,
                let high = Grammar.hexadecimal(path[index + 1]),
                let low = Grammar.hexadecimal(path[index + 2])
            {
                let byte = high << 4 | low
                guard byte != 0 else { throw .malformed }
                result.append(byte)
                index += 3
            } else {
                result.append(path[index])
                index += 1
            }
        }
        return result
    }

    // MARK: Header lines

    private struct Field {
        let name: Range<Int>
        var value: [UInt8]
    }

    /// The lines, those of one name joined (RFC 9110, section 5.3).
    private mutating func readFields(_ input: RawSpan, from start: Int) throws(HeadError) -> [Field] {
        var fields: [Field] = []
        var line = FieldLine()
        var offset = start
        var lines = 0
        while true {
            switch try line.read(input, at: offset) {
            case .incomplete: throw .malformed
            case .endOfHead:
                headLength = line.end
                return fields
            case .line: break
            }
            offset = line.end
            lines += 1
            guard lines <= context.lineLimit else { throw .tooLarge }
            guard Self.becomesVariable(line, input) else { continue }
            let name = line.nameStart..<line.nameEnd
            let value = Self.copy(input, line.value)
            if let known = fields.firstIndex(where: { Self.isSame($0.name, name, input) }) {
                fields[known].value += Array((line.named("cookie", input) ? "; " : ", ").utf8) + value
            } else {
                fields.append(Field(name: name, value: value))
            }
        }
    }

    private static func becomesVariable(_ line: FieldLine, _ input: RawSpan) -> Bool {
        for offset in line.nameStart..<line.nameEnd {
            let byte = input.byte(offset)
            guard isLetter(byte) || (48...57).contains(byte) || byte == UInt8(ascii: "-") else {
                return false
            }
        }
        // Of this hop, what libraries would believe, and the names that the request itself has.
        for reserved: StaticString in [
            "proxy", "connection", "upgrade", "method", "path", "query", "contentlength",
        ]
        where line.named(reserved, input) {
            return false
        }
        return true
    }

    private static func isSame(_ a: Range<Int>, _ b: Range<Int>, _ input: RawSpan) -> Bool {
        guard a.count == b.count else { return false }
        // Letters, digits and '-' alone, so setting bit 5 is exact.
        for offset in 0..<a.count
        where input.byte(a.lowerBound + offset) | 0x20 != input.byte(b.lowerBound + offset) | 0x20 {
            return false
        }
        return true
    }

    private mutating func add(_ field: Field, _ input: RawSpan) {
        let (from, to) = (field.name.lowerBound, field.name.upperBound)
        var upper = Array("HTTP_".utf8)
        var capitalised = Array("Http_".utf8)
        var isFirst = true
        for offset in field.name {
            let byte = input.byte(offset)
            let isLetter = Self.isLetter(byte)
            upper.append(byte == UInt8(ascii: "-") ? UInt8(ascii: "_") : isLetter ? byte & ~0x20 : byte)
            capitalised.append(
                byte == UInt8(ascii: "-")
                    ? UInt8(ascii: "_") : isLetter ? (isFirst ? byte & ~0x20 : byte | 0x20) : byte)
            isFirst = byte == UInt8(ascii: "-")
        }
        add(capitalised, field.value)
        if input.matches("content-type", from: from, to: to) {
            add("CONTENT_TYPE", field.value)
        } else if input.matches("content-length", from: from, to: to) {
            add("CONTENT_LENGTH", field.value)
            add("Http_ContentLength", field.value)
        } else if !input.matches("transfer-encoding", from: from, to: to) {
            add(upper, field.value)
            if input.matches("host", from: from, to: to) { addServer(field.value) }
        }
    }

    private mutating func addServer(_ host: [UInt8]) {
        var name = host[...]
        var port = Array("80".utf8)
        // The colons of an IPv6 address stand before its bracket.
        if let colon = host.lastIndex(of: UInt8(ascii: ":")), !host[colon...].contains(UInt8(ascii: "]")) {
            name = host[..<colon]
            if colon + 1 < host.count { port = Array(host[(colon + 1)...]) }
        }
        add("SERVER_NAME", Array(name))
        add("SERVER_PORT", port)
    }

    // MARK: Writing

    private mutating func add(_ name: StaticString, _ value: [UInt8]) {
        add(Array(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)), value)
    }

    private mutating func add(_ name: [UInt8], _ value: [UInt8]) {
        if !context.own.isEmpty, context.own.contains(String(decoding: name, as: UTF8.self)) { return }
        bytes += name
        bytes.append(UInt8(ascii: "="))
        bytes += value
        bytes.append(0)
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte | 0x20) }

    private static func copy(_ input: RawSpan, _ range: Range<Int>) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
            for offset in range { buffer[offset - range.lowerBound] = input.byte(offset) }
            count = range.count
        }
    }
}
