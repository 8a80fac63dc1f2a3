/// The first line of a response (RFC 9112, section 4).
struct StatusLine {
    /// 100 to 999.
    var status = 0
    var isHTTP10 = false
    /// After the line's CRLF.
    var end = 0

    /// Returns nil when the line is not complete yet.
    @inline(__always)
    static func read(_ input: RawSpan) throws(HeadError) -> StatusLine? {
        let count = input.byteCount
        guard count >= 14 else {
            // Garbage is told as soon as it is seen.
            for offset in 0..<min(count, 5) where input.byte(offset) != expected(offset) { throw .malformed }
            return nil
        }
        guard input.begins(with: "HTTP/1.", at: 0), input.byte(8) == 0x20 else { throw .malformed }
        var line = StatusLine()
        switch input.byte(7) {
        case UInt8(ascii: "0"): line.isHTTP10 = true
        case UInt8(ascii: "1"): break
        default: throw .malformed
        }
        let (a, b, c) = (input.byte(9) &- 48, input.byte(10) &- 48, input.byte(11) &- 48)
        guard a >= 1, a <= 9, b <= 9, c <= 9 else { throw .malformed }
        line.status = Int(a) &* 100 &+ Int(b) &* 10 &+ Int(c)
        // The blank before an empty reason is often left out; a digit more is no status.
        guard input.byte(12) == 0x20 || input.byte(12) == 0x0d else { throw .malformed }
        var offset = input.firstControl(from: 12)
        while offset < count, input.byte(offset) == 0x09 {
            offset = input.firstControl(from: offset &+ 1)
        }
        guard offset &+ 1 < count else { return nil }
        guard input.byte(offset) == 0x0d, input.byte(offset &+ 1) == 0x0a else { throw .malformed }
        line.end = offset &+ 2
        return line
    }

    private static func expected(_ offset: Int) -> UInt8 {
        switch offset {
        case 0: UInt8(ascii: "H")
        case 1, 2: UInt8(ascii: "T")
        case 3: UInt8(ascii: "P")
        default: UInt8(ascii: "/")
        }
    }
}
