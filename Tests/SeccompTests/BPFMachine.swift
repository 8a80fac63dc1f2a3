/// Runs a seccomp program as the kernel does (linux/filter.h), over one made-up system call.
struct BPFMachine {
    struct Call {
        var number: UInt32
        var architecture: UInt32 = nativeArchitecture
        var arguments: [UInt64] = []
    }

    enum Verdict: Equatable {
        case allow, killThread, killProcess, trap, log
        case errno(UInt32)
        case trace(UInt32)
    }

    enum Fault: Error { case jumpOutside, badInstruction(UInt16), badLoad(UInt32), badVerdict(UInt32) }

    /// AUDIT_ARCH_* of linux/audit.h.
    static let x8664: UInt32 = 0xC000_003E
    static let i386: UInt32 = 0x4000_0003
    static let aarch64: UInt32 = 0xC000_00B7
    #if arch(x86_64)
        static let nativeArchitecture = x8664
    #else
        static let nativeArchitecture = aarch64
    #endif

    private struct Instruction {
        var code: UInt16
        var jumpTrue: Int
        var jumpFalse: Int
        var operand: UInt32
    }

    private let program: [Instruction]
    var count: Int { program.count }

    init(_ bytes: [UInt8]) {
        precondition(bytes.count % 8 == 0)
        program = stride(from: 0, to: bytes.count, by: 8).map { start in
            let raw = bytes[start..<(start + 8)].map { UInt32($0) }
            return Instruction(
                code: UInt16(raw[0] | raw[1] << 8), jumpTrue: Int(raw[2]), jumpFalse: Int(raw[3]),
                operand: raw[4] | raw[5] << 8 | raw[6] << 16 | raw[7] << 24)
        }
    }

    func run(_ call: Call) throws -> Verdict {
        var accumulator: UInt32 = 0
        var position = 0
        while true {
            guard program.indices.contains(position) else { throw Fault.jumpOutside }
            let step = program[position]
            position += 1
            func jump(_ holds: Bool) { position += holds ? step.jumpTrue : step.jumpFalse }
            switch step.code {
            case 0x20: accumulator = try load(step.operand, call)
            case 0x05: position += Int(step.operand)
            case 0x15: jump(accumulator == step.operand)
            case 0x25: jump(accumulator > step.operand)
            case 0x35: jump(accumulator >= step.operand)
            case 0x45: jump(accumulator & step.operand != 0)
            case 0x54: accumulator &= step.operand
            case 0x06: return try verdict(step.operand)
            default: throw Fault.badInstruction(step.code)
            }
        }
    }

    private func load(_ offset: UInt32, _ call: Call) throws -> UInt32 {
        switch offset {
        case 0: return call.number
        case 4: return call.architecture
        case 16..<64 where offset % 4 == 0:
            let index = Int(offset - 16) / 8
            let value = index < call.arguments.count ? call.arguments[index] : 0
            return UInt32(truncatingIfNeeded: offset % 8 == 0 ? value : value >> 32)
        default: throw Fault.badLoad(offset)
        }
    }

    private func verdict(_ value: UInt32) throws -> Verdict {
        switch value & 0xffff_0000 {
        case 0x7fff_0000: .allow
        case 0x0000_0000: .killThread
        case 0x8000_0000: .killProcess
        case 0x0003_0000: .trap
        case 0x7ffc_0000: .log
        case 0x0005_0000: .errno(value & 0xffff)
        case 0x7ff0_0000: .trace(value & 0xffff)
        default: throw Fault.badVerdict(value)
        }
    }
}
