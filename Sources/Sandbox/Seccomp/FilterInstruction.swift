/// One `struct sock_filter` (linux/filter.h): an instruction of a system call filter.
struct FilterInstruction: Hashable {
    var code: UInt16
    var jumpTrue: UInt8 = 0
    var jumpFalse: UInt8 = 0
    var operand: UInt32

    /// The instructions that filters are made of (seccomp(2)).
    enum Code {
        static let load: UInt16 = 0x20  // BPF_LD | BPF_W | BPF_ABS
        static let jump: UInt16 = 0x05  // BPF_JMP | BPF_JA
        static let jumpIfEqual: UInt16 = 0x15  // BPF_JMP | BPF_JEQ | BPF_K
        static let jumpIfAbove: UInt16 = 0x25  // BPF_JMP | BPF_JGT | BPF_K
        static let jumpIfAtLeast: UInt16 = 0x35  // BPF_JMP | BPF_JGE | BPF_K
        static let verdict: UInt16 = 0x06  // BPF_RET | BPF_K
    }

    /// Offsets into `struct seccomp_data`.
    enum Data {
        static let number: UInt32 = 0
        static let architecture: UInt32 = 4
    }

    static let size = 8

    init(load offset: UInt32) { (code, operand) = (Code.load, offset) }
    init(jumpOver count: Int) { (code, operand) = (Code.jump, UInt32(count)) }
    /// - Parameters:
    ///   - code: of a comparison. - over: how many instructions are passed over where it holds. - elseOver: and else.
    init(_ code: UInt16, _ value: UInt32, over: Int = 0, elseOver: Int = 0) {
        (self.code, operand) = (code, value)
        (jumpTrue, jumpFalse) = (UInt8(over), UInt8(elseOver))
    }
    init(verdict value: UInt32) { (code, operand) = (Code.verdict, value) }

    /// - Parameter bytes: in the byte order of the machine, which is little-endian on both architectures.
    init(bytes: ArraySlice<UInt8>) {
        let raw = bytes.map { UInt32($0) }
        code = UInt16(raw[0] | raw[1] << 8)
        (jumpTrue, jumpFalse) = (UInt8(raw[2]), UInt8(raw[3]))
        operand = raw[4] | raw[5] << 8 | raw[6] << 16 | raw[7] << 24
    }

    var bytes: [UInt8] {
        let low = [
            UInt8(truncatingIfNeeded: code), UInt8(truncatingIfNeeded: code >> 8), jumpTrue, jumpFalse,
        ]
        return low + (0..<4).map { UInt8(truncatingIfNeeded: operand >> (8 * UInt32($0))) }
    }
}
