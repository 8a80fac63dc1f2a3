// Reading and writing bytes. Every read goes through `RawSpan` and every write through `OutputRawSpan`, whose bounds
// are checked in release builds too: a wrong offset traps, it never reads or writes elsewhere.

extension RawSpan {
    @inline(__always)
    func byte(_ offset: Int) -> UInt8 { unsafeLoad(fromByteOffset: offset, as: UInt8.self) }

    /// The first offset in `start..<byteCount` of a byte below `limit` or DEL; `byteCount` when there is none.
    /// - Parameter limit: at most 0x80.
    @inline(__always)
    func firstControl(below limit: UInt8 = 0x20, from start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let limits = UInt64(limit) &* ones
        var offset = start
        while offset &+ 8 <= byteCount {
            let word = UInt64(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let delete = word ^ (0x7f &* ones)
            // The lowest flagged byte is exact; a borrow can only flag bytes above it.
            let hits = (((word &- limits) & ~word) | ((delete &- ones) & ~delete)) & (0x80 &* ones)
            if hits != 0 { return offset &+ (hits.trailingZeroBitCount &>> 3) }
            offset &+= 8
        }
        while offset < byteCount {
            let byte = byte(offset)
            if byte < limit || byte == 0x7f { return offset }
            offset &+= 1
        }
        return byteCount
    }

    /// Whether the bytes at `start` are `text`, whose letters are lower case, without regard to case. `text` has
    /// letters, digits, '-' and '/' alone, and the bytes are printable, so setting bit 5 is exact.
    @inline(__always)
    func matches(_ text: StaticString, from start: Int, to end: Int) -> Bool {
        let count = text.utf8CodeUnitCount
        guard end &- start == count, end <= byteCount else { return false }
        // SAFETY: `offset` stays below the static string's own count.
        let expected = text.utf8Start
        var offset = 0
        while offset < count {
            if byte(start &+ offset) | 0x20 != expected[offset] | 0x20 { return false }
            offset &+= 1
        }
        return true
    }

    /// Whether the bytes at `start` begin with exactly `text`.
    @inline(__always)
    func begins(with text: StaticString, at start: Int) -> Bool {
        let count = text.utf8CodeUnitCount
        guard start &+ count <= byteCount else { return false }
        // SAFETY: `offset` stays below the static string's own count.
        let expected = text.utf8Start
        var offset = 0
        while offset < count {
            if byte(start &+ offset) != expected[offset] { return false }
            offset &+= 1
        }
        return true
    }
}

extension OutputRawSpan {
    /// Appends `source[start..<end]`.
    @inline(__always)
    mutating func append(_ source: RawSpan, from start: Int, to end: Int) {
        let count = end &- start
        guard count > 0 else { return }
        precondition(start >= 0 && end <= source.byteCount && count <= freeCapacity, "copy within bounds")
        withUnsafeMutableBytes { target, filled in
            source.withUnsafeBytes { bytes in
                // SAFETY: both ranges were checked above; the output is memory of its own, so they do not overlap.
                guard let to = target.baseAddress, let from = bytes.baseAddress else { return }
                (to + filled).copyMemory(from: from + start, byteCount: count)
            }
            filled &+= count
        }
    }

    /// As `append`, for bytes that a peer chose the number of.
    /// - Throws: `tooLarge` when there is no room for them.
    @inline(__always)
    mutating func appendFitting(_ source: RawSpan, from start: Int, to end: Int) throws(HeadError) {
        guard end &- start <= freeCapacity else { throw .tooLarge }
        append(source, from: start, to: end)
    }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        let count = text.utf8CodeUnitCount
        precondition(count <= freeCapacity, "copy within bounds")
        withUnsafeMutableBytes { target, filled in
            // SAFETY: room was checked above, and the source is the static string's own bytes.
            guard let to = target.baseAddress else { return }
            (to + filled).copyMemory(from: text.utf8Start, byteCount: count)
            filled &+= count
        }
    }

    mutating func append(text: String) {
        for byte in text.utf8 { append(byte) }
    }

    mutating func append(bytes: [UInt8]) {
        append(bytes.span.bytes, from: 0, to: bytes.count)
    }

    /// Decimal digits, without leading zeros.
    mutating func append(decimal value: UInt64) {
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var first = 20
        var rest = value
        repeat {
            first &-= 1
            digits[first] = UInt8(truncatingIfNeeded: 48 &+ rest % 10)
            rest /= 10
        } while rest > 0
        append(digits.span.bytes, from: first, to: 20)
    }

    /// `value` as a decimal fraction with the given number of digits after the point: 1234 with 3 is `1.234`.
    mutating func append(thousandths value: UInt64, digits: Int) {
        var scale: UInt64 = 1
        for _ in 0..<digits { scale &*= 10 }
        append(decimal: value / scale)
        append(UInt8(ascii: "."))
        var rest = value % scale
        while scale > 1 {
            scale /= 10
            append(UInt8(truncatingIfNeeded: 48 &+ rest / scale))
            rest %= scale
        }
    }
}

/// Bytes by their grammar (RFC 9110, section 5.6.2).
enum Grammar {
    /// `tchar`: what a method, a field name or a token consists of.
    @inline(__always)
    static func isToken(_ byte: UInt8) -> Bool {
        // One bit per byte: ! # $ % & ' * + - . and digits; letters, ^ _ ` | ~
        let low: UInt64 = 0x03ff_6cfa_0000_0000
        let high: UInt64 = 0x57ff_ffff_c7ff_fffe
        if byte >= 0x80 { return false }
        return ((byte < 64 ? low : high) &>> UInt64(byte & 63)) & 1 == 1
    }

    @inline(__always)
    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// The value of a hexadecimal digit, or nil.
    @inline(__always)
    static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte &- 0x30
        case 0x41...0x46: byte &- 0x37
        case 0x61...0x66: byte &- 0x57
        default: nil
        }
    }
}
