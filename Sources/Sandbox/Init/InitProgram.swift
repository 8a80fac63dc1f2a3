internal import CLinux
internal import Glibc
internal import LinuxSystem

/// torpor-init as a sealed memfd: no container can reach the host's copy of it, nor change this one (CVE-2019-5736).
enum InitProgram {
    static func sealed() throws(KernelError) -> OwnedFD {
        let program = decoded()
        let descriptor = program.withUnsafeBytes {
            clinux_sealed_program("torpor-init", $0.baseAddress, $0.count)
        }
        return OwnedFD(owning: try check(descriptor, "memfd_create", subject: "torpor-init"))
    }

    /// The bytes of the program that the build embedded.
    static func decoded() -> [UInt8] {
        let text = UnsafeBufferPointer(
            start: TorporInitProgram.base64.utf8Start, count: TorporInitProgram.base64.utf8CodeUnitCount)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var bits: UInt32 = 0
        var count = 0
        for digit in text {
            guard let value = sextet(digit) else { break }
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
