/// Follows a chunked body (RFC 9112, section 7.1) through any split of its bytes. Strict, so that nobody behind can
/// read it otherwise: sizes of 1 to 15 digits, CRLF and nothing else ends a line, no controls in extensions or
/// trailers, both bounded.
package struct ChunkScanner: Sendable {
    private enum State: UInt8 {
        case size, moreSize, `extension`, sizeLF, data, dataCR, dataLF, trailerStart, trailer, trailerLF,
            endLF, done
    }

    /// Bytes of extensions and trailers that one body may have.
    package static let overheadLimit = 8192
    /// Digits of a chunk's size: less than 2^60, so that it never overflows.
    package static let sizeDigits = 15

    private var state = State.size
    private var left = 0
    private var digits = 0
    private var overhead = 0

    package init() {}

    package var isDone: Bool { state == .done }

    /// The next range of content, with `offset` moved behind it; nil when the input or the body has ended.
    @inline(__always)
    package mutating func next(_ input: RawSpan, from offset: inout Int) throws(HeadError) -> Range<Int>? {
        while offset < input.byteCount, state != .done {
            guard state == .data else {
                try step(input.byte(offset))
                offset &+= 1
                continue
            }
            let start = offset
            let count = min(left, input.byteCount &- offset)
            offset &+= count
            left &-= count
            if left == 0 { state = .dataCR }
            return start..<offset
        }
        return nil
    }

    /// Reads on at `start` without looking at the content. Returns the offset after the last byte that belongs to the
    /// body: `byteCount`, or less when the body has ended.
    package mutating func scan(_ input: RawSpan, from start: Int) throws(HeadError) -> Int {
        var offset = start
        while try next(input, from: &offset) != nil {}
        return offset
    }

    /// The same, and appends the content alone. `output` has room for all of the input.
    package mutating func decode(
        _ input: RawSpan, from start: Int, into output: inout OutputRawSpan
    ) throws(HeadError) -> Int {
        var offset = start
        while let content = try next(input, from: &offset) {
            output.append(input, from: content.lowerBound, to: content.upperBound)
        }
        return offset
    }

    /// One byte that is no content.
    private mutating func step(_ byte: UInt8) throws(HeadError) {
        switch state {
        case .size, .moreSize:
            try stepSize(byte)
        case .extension:
            if byte == 0x0d { state = .sizeLF } else { try stepOverhead(byte) }
        case .sizeLF:
            guard byte == 0x0a else { throw .malformed }
            state = left == 0 ? .trailerStart : .data
        case .dataCR:
            guard byte == 0x0d else { throw .malformed }
            state = .dataLF
        case .dataLF:
            guard byte == 0x0a else { throw .malformed }
            (state, digits) = (.size, 0)
        case .trailerStart:
            if byte == 0x0d {
                state = .endLF
            } else {
                guard Grammar.isToken(byte) else { throw .malformed }
                state = .trailer
                try stepOverhead(byte)
            }
        case .trailer:
            if byte == 0x0d { state = .trailerLF } else { try stepOverhead(byte) }
        case .trailerLF:
            guard byte == 0x0a else { throw .malformed }
            state = .trailerStart
        case .endLF:
            guard byte == 0x0a else { throw .malformed }
            state = .done
        case .data, .done:
            preconditionFailure("content is not stepped through")
        }
    }

    private mutating func stepSize(_ byte: UInt8) throws(HeadError) {
        if let digit = Grammar.hexadecimal(byte) {
            digits += 1
            guard digits <= Self.sizeDigits else { throw .malformed }
            left = left << 4 | Int(digit)
            state = .moreSize
            return
        }
        guard state == .moreSize else { throw .malformed }
        switch byte {
        case 0x0d: state = .sizeLF
        case UInt8(ascii: ";"):
            state = .extension
            try stepOverhead(byte)
        default: throw .malformed
        }
    }

    private mutating func stepOverhead(_ byte: UInt8) throws(HeadError) {
        overhead += 1
        guard byte >= 0x20 || byte == 0x09, byte != 0x7f else { throw .malformed }
        guard overhead <= Self.overheadLimit else { throw .tooLarge }
    }
}
