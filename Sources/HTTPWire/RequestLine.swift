/// The first line of a request, as offsets into the input (RFC 9112, section 3).
struct RequestLine {
    var methodStart = 0
    var methodEnd = 0
    var targetStart = 0
    var targetEnd = 0
    var isHTTP10 = false
    /// After the line's CRLF.
    var end = 0

    /// Methods are at most this long.
    static let methodLength = 32

    /// Returns nil when the line is not complete yet.
    @inline(__always)
    static func read(_ input: RawSpan) throws(HeadError) -> RequestLine? {
        var line = RequestLine()
        let count = input.byteCount
        var offset = 0
        // Section 2.2: empty lines before a request are skipped.
        while offset < count, input.byte(offset) == 0x0d {
            guard offset &+ 1 < count else { return nil }
            guard input.byte(offset &+ 1) == 0x0a else { throw .malformed }
            offset &+= 2
        }
        line.methodStart = offset
        while offset < count, Grammar.isToken(input.byte(offset)) { offset &+= 1 }
        guard offset &- line.methodStart <= methodLength else { throw .malformed }
        guard offset < count else { return nil }
        guard input.byte(offset) == 0x20, offset > line.methodStart else { throw .malformed }
        line.methodEnd = offset
        offset &+= 1
        line.targetStart = offset
        offset = input.firstControl(below: 0x21, from: offset)
        guard offset < count else { return nil }
        guard input.byte(offset) == 0x20, offset > line.targetStart else { throw .malformed }
        line.targetEnd = offset
        return try line.readVersion(input, at: offset &+ 1) ? line : nil
    }

    /// Whether the method is one of RFC 9110, section 9.2.2; what another one does is not known.
    @inline(__always)
    func isIdempotent(_ input: RawSpan) -> Bool {
        switch methodEnd &- methodStart {
        case 3: input.begins(with: "GET", at: methodStart) || input.begins(with: "PUT", at: methodStart)
        case 4: input.begins(with: "HEAD", at: methodStart)
        case 5: input.begins(with: "TRACE", at: methodStart)
        case 6: input.begins(with: "DELETE", at: methodStart)
        case 7: input.begins(with: "OPTIONS", at: methodStart)
        default: false
        }
    }

    private mutating func readVersion(_ input: RawSpan, at start: Int) throws(HeadError) -> Bool {
        guard start &+ 10 <= input.byteCount else {
            // What is there may already be no version; the rest is not waited for then.
            if input.firstControl(from: start) < input.byteCount,
                input.byte(input.firstControl(from: start)) != 0x0d
            {
                throw .malformed
            }
            return false
        }
        guard input.begins(with: "HTTP/", at: start), input.byte(start &+ 6) == UInt8(ascii: ".") else {
            throw .malformed
        }
        let (major, minor) = (input.byte(start &+ 5) &- 48, input.byte(start &+ 7) &- 48)
        guard major <= 9, minor <= 9 else { throw .malformed }
        guard major == 1 else { throw .version }
        isHTTP10 = minor == 0
        guard input.byte(start &+ 8) == 0x0d, input.byte(start &+ 9) == 0x0a else { throw .malformed }
        end = start &+ 10
        return true
    }
}
