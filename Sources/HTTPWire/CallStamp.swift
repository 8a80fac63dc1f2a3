/// What identifies one call on both sides: its id and when it began.
package struct CallStamp: Sendable {
    /// Bytes of a caller's own id that are echoed at most.
    package static let longestID = 128

    private var bytes = InlineArray<128, UInt8>(repeating: 0)
    private var count = 0
    /// Unix nanoseconds.
    package var startTime: UInt64 = 0

    package init() {}

    package var callID: String {
        var text = ""
        for index in 0..<count { text.unicodeScalars.append(Unicode.Scalar(bytes[index])) }
        return text
    }

    /// Takes the caller's own id when it is a token of 1 to 128 bytes.
    mutating func adopt(_ input: RawSpan, _ range: Range<Int>) -> Bool {
        guard !range.isEmpty, range.count <= Self.longestID else { return false }
        for offset in range where !Grammar.isToken(input.byte(offset)) { return false }
        for offset in range { bytes[offset - range.lowerBound] = input.byte(offset) }
        count = range.count
        return true
    }

    /// Makes an id of 32 hexadecimal digits.
    package mutating func make(_ generator: inout CallIDGenerator) {
        var (high, low) = (generator.next(), generator.next())
        count = 32
        var index = 0
        while index < 16 {
            bytes[index] = Self.digit(high & 15)
            bytes[index &+ 16] = Self.digit(low & 15)
            high &>>= 4
            low &>>= 4
            index &+= 1
        }
    }

    @inline(__always)
    private static func digit(_ value: UInt64) -> UInt8 {
        UInt8(truncatingIfNeeded: value &+ (value < 10 ? 48 : 87))
    }

    /// `X-Call-Id` and `X-Start-Time`, the same towards the function and towards the caller.
    @inline(__always)
    func append(to output: inout OutputRawSpan) {
        output.append("X-Call-Id: ")
        output.append(bytes.span.bytes, from: 0, to: count)
        output.append("\r\nX-Start-Time: ")
        output.append(decimal: startTime)
        output.append("\r\n")
    }
}

/// xoroshiro128+, seeded from the system: call ids are unique, not secret.
package struct CallIDGenerator: Sendable {
    private var state: (UInt64, UInt64)

    package init(seed: (UInt64, UInt64) = (.random(in: 1 ... .max), .random(in: .min ... .max))) {
        state = seed
    }

    @inline(__always)
    package mutating func next() -> UInt64 {
        let result = state.0 &+ state.1
        let mixed = state.1 ^ state.0
        state.0 = (state.0 &<< 24 | state.0 &>> 40) ^ mixed ^ (mixed &<< 16)
        state.1 = mixed &<< 37 | mixed &>> 27
        return result
    }
}
