/// The device program of a cgroup (BPF_PROG_TYPE_CGROUP_DEVICE; linux/bpf.h, `struct bpf_cgroup_dev_ctx`): the kernel runs
/// it for every open(2) and mknod(2) of a device, and 1 lets it go on. Pure: rules in, instructions out.
///
/// Register 3 has the kinds of access that are asked for and not decided yet. From the last rule to the first, one that
/// fits the device denies what is left of its own kinds, or takes them out; when none is left all were allowed.
package struct DeviceProgram: Sendable, Hashable {
    /// Each a `struct bpf_insn` (linux/bpf.h): code, registers, offset and value, from the lowest byte on.
    package private(set) var instructions: [UInt64] = []

    private enum Register: UInt64 { case result, context, kind, access, major, minor }

    /// Of linux/bpf_common.h and linux/bpf.h: class, operation and source in one byte.
    private enum Code: UInt64 {
        case load = 0x61  // a word of memory
        case copy = 0xbf
        case set = 0xb7
        case and = 0x57
        case shiftRight = 0x77
        case jump = 0x05
        case jumpUnequal = 0x55
        case jumpIfAny = 0x45  // of these bits
        case exit = 0x95
    }

    package init(_ rules: DeviceRules) {
        // The low half of the first word has the type, the high half the access.
        append(.load, .kind, from: .context, offset: 0)
        append(.load, .major, from: .context, offset: 4)
        append(.load, .minor, from: .context, offset: 8)
        append(.copy, .access, from: .kind)
        append(.shiftRight, .access, value: 16)
        append(.and, .kind, value: 0xffff)
        for rule in rules.rules.reversed() { append(rule) }
        end(allows: false)
    }

    private mutating func append(_ rule: DeviceRules.Rule) {
        let conditions: [(Register, UInt32?)] = [
            (.kind, rule.kind?.rawValue), (.major, rule.major), (.minor, rule.minor),
        ]
        var left = conditions.count { $0.1 != nil }
        for case (let register, let value?) in conditions {
            left -= 1
            // Over the other conditions and the four instructions below.
            append(.jumpUnequal, register, offset: Int16(left + 4), value: Int32(value))
        }
        let access = Int32(rule.access.rawValue)
        if rule.allows {
            append(.and, .access, value: ~access)
            append(.jumpUnequal, .access, offset: 2, value: 0)
        } else {
            append(.jumpIfAny, .access, offset: 1, value: access)
            append(.jump, .result, offset: 2)
        }
        end(allows: rule.allows)
    }

    private mutating func end(allows: Bool) {
        append(.set, .result, value: allows ? 1 : 0)
        append(.exit, .result)
    }

    private mutating func append(
        _ code: Code, _ register: Register, from source: Register = .result, offset: Int16 = 0,
        value: Int32 = 0
    ) {
        let registers = register.rawValue | source.rawValue << 4
        instructions.append(
            code.rawValue | registers << 8 | UInt64(UInt16(bitPattern: offset)) << 16
                | UInt64(UInt32(bitPattern: value)) << 32)
    }
}
