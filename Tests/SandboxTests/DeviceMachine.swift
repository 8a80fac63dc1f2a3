import Sandbox

/// Runs a device program as the kernel does (linux/bpf.h), over one made-up access.
struct DeviceMachine {
    struct Asked {
        var kind: DeviceRules.Kind = .character
        var major: UInt32
        var minor: UInt32
        var access: DeviceRules.Access
    }

    enum Fault: Error { case outside, badInstruction(UInt64), badRegister, endless }

    let program: [UInt64]

    /// - Throws: `Fault` for what the kernel's verifier would refuse.
    func run(_ asked: Asked) throws -> Bool {
        let context = [asked.kind.rawValue | asked.access.rawValue << 16, asked.major, asked.minor]
        var registers = [UInt64?](repeating: nil, count: 11)
        var position = 0
        for _ in 0...program.count {
            guard program.indices.contains(position) else { throw Fault.outside }
            let step = program[position]
            position += 1
            let target = Int(step >> 8 & 0xf), source = Int(step >> 12 & 0xf)
            let offset = Int(Int16(truncatingIfNeeded: step >> 16))
            let value = UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: step >> 32)))
            func read(_ register: Int) throws -> UInt64 {
                guard let value = registers[register] else { throw Fault.badRegister }
                return value
            }
            switch step & 0xff {
            case 0x61:
                guard source == 1, offset % 4 == 0, context.indices.contains(offset / 4) else {
                    throw Fault.outside
                }
                registers[target] = UInt64(context[offset / 4])
            case 0xbf: registers[target] = try read(source)
            case 0xb7: registers[target] = value
            case 0x57: registers[target] = try read(target) & value
            case 0x77: registers[target] = try read(target) >> value
            case 0x05: position += offset
            case 0x55: if try read(target) != value { position += offset }
            case 0x45: if try read(target) & value != 0 { position += offset }
            case 0x95: return try read(0) != 0
            default: throw Fault.badInstruction(step)
            }
        }
        throw Fault.endless
    }
}
