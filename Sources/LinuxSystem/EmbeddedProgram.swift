internal import CLinux
internal import Glibc

/// A program that the build has embedded in this one, as base64.
package struct EmbeddedProgram: Sendable {
    private let name: String
    private let base64: StaticString

    package init(name: String, base64: StaticString) {
        self.name = name
        self.base64 = base64
    }

    /// The program as a sealed memfd: no container can reach the host's copy of it, nor change this one (CVE-2019-5736).
    package func sealed() throws(KernelError) -> OwnedFD {
        let program = bytes
        let descriptor = program.withUnsafeBytes { clinux_sealed_program(name, $0.baseAddress, $0.count) }
        return OwnedFD(owning: try check(descriptor, "memfd_create", subject: name))
    }

    package var bytes: [UInt8] {
        let text = UnsafeBufferPointer(start: base64.utf8Start, count: base64.utf8CodeUnitCount)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var bits: UInt32 = 0
        var count = 0
        for digit in text {
            guard let value = Self.sextet(digit) else { break }
            bits = bits << 6 | value
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes
    }

    /// A digit of RFC 4648, section 4; nil for the padding at the end.
    private static func sextet(_ digit: UInt8) -> UInt32? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a") + 26)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0") + 52)
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
