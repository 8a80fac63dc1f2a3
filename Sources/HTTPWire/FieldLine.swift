/// One header line, as offsets into the input.
struct FieldLine {
    var nameStart = 0
    var nameEnd = 0
    var valueStart = 0
    /// Without trailing blanks.
    var valueEnd = 0
    /// After the line's CRLF.
    var end = 0

    enum Kind { case line, endOfHead, incomplete }

    /// Reads the line at `start` into `self`. Refuses what two readers could understand in two ways: bare CR or LF,
    /// NUL and other controls, blanks before the colon, folded lines, empty names (RFC 9112, sections 2.2, 5.1, 5.2).
    @inline(__always)
    mutating func read(_ input: RawSpan, at start: Int) throws(HeadError) -> Kind {
        let count = input.byteCount
        var offset = start
        guard offset < count else { return .incomplete }
        if input.byte(offset) == 0x0d {
            guard offset &+ 1 < count else { return .incomplete }
            guard input.byte(offset &+ 1) == 0x0a else { throw .malformed }
            end = offset &+ 2
            return .endOfHead
        }
        nameStart = offset
        while offset < count, Grammar.isToken(input.byte(offset)) { offset &+= 1 }
        guard offset < count else { return .incomplete }
        guard input.byte(offset) == UInt8(ascii: ":"), offset > nameStart else { throw .malformed }
        nameEnd = offset
        offset &+= 1
        while offset < count, Grammar.isBlank(input.byte(offset)) { offset &+= 1 }
        valueStart = offset
        while true {
            offset = input.firstControl(from: offset)
            guard offset < count else { return .incomplete }
            if input.byte(offset) != 0x09 { break }
            offset &+= 1
        }
        guard input.byte(offset) == 0x0d else { throw .malformed }
        guard offset &+ 1 < count else { return .incomplete }
        guard input.byte(offset &+ 1) == 0x0a else { throw .malformed }
        end = offset &+ 2
        while offset > valueStart, Grammar.isBlank(input.byte(offset &- 1)) { offset &-= 1 }
        valueEnd = offset
        return .line
    }

    @inline(__always)
    func named(_ name: StaticString, _ input: RawSpan) -> Bool {
        input.matches(name, from: nameStart, to: nameEnd)
    }

    @inline(__always)
    func valued(_ value: StaticString, _ input: RawSpan) -> Bool {
        input.matches(value, from: valueStart, to: valueEnd)
    }

    var value: Range<Int> { valueStart..<valueEnd }
}
