internal import CSeccomp
internal import Core
internal import OCI

/// What a filter that denies by default does about system calls that are newer than every one its author knew.
///
/// Libraries try a new system call and fall back to an old one when it is ENOSYS, but take EPERM for an answer: a filter
/// that denies with EPERM breaks programs whose C library is newer than the profile. So a number above all that the
/// profile names is ENOSYS, decided by a few instructions in front of libseccomp's. Only the native architecture has
/// them.
enum NewerSyscalls {
    /// - Returns: instructions that end by falling through into the program that follows, or none.
    static func prefix(for profile: OCIConfig.Seccomp, filter: borrowing SeccompFilter) throws(InvalidInput)
        -> [UInt8]
    {
        guard denies(profile.defaultAction), let highest = highestNumber(in: profile) else { return [] }
        var program: [Instruction] = [
            Instruction(load: DataOffset.architecture),
            Instruction(jumpUnlessEqual: seccomp_arch_native(), over: 0),
            Instruction(load: DataOffset.number),
        ]
        #if arch(x86_64)
            // Numbers of the x32 mode have this bit; libseccomp's own part judges them.
            program.append(Instruction(jumpIfAtLeast: 0x4000_0000, over: 2))
        #endif
        program.append(Instruction(jumpUnlessAbove: highest, over: 1))
        program.append(Instruction(return: cseccomp_act_errno(notImplemented)))
        // Any other architecture goes past all of this.
        program[1].jumpFalse = UInt8(program.count - 2)
        return program.flatMap(\.bytes)
    }

    private static let notImplemented: UInt32 = 38

    private static func denies(_ action: OCIConfig.SeccompAction) -> Bool {
        switch action {
        case .errno, .kill, .killProcess, .killThread, .trap: true
        case .allow, .log, .trace, .notify: false
        }
    }

    private static func highestNumber(in profile: OCIConfig.Seccomp) -> UInt32? {
        let names = (profile.syscalls ?? []).flatMap(\.names)
        let highest = names.compactMap(SeccompFilter.number(of:)).max() ?? -1
        return highest < 0 ? nil : UInt32(highest)
    }

    /// Offsets into `struct seccomp_data`.
    private enum DataOffset {
        static let number: UInt32 = 0
        static let architecture: UInt32 = 4
    }

    /// One `struct sock_filter` (linux/filter.h).
    private struct Instruction {
        var code: UInt16
        var jumpTrue: UInt8 = 0
        var jumpFalse: UInt8 = 0
        var operand: UInt32

        /// BPF_LD | BPF_W | BPF_ABS
        init(load offset: UInt32) { (code, operand) = (0x20, offset) }
        /// BPF_JMP | BPF_JEQ | BPF_K
        init(jumpUnlessEqual value: UInt32, over count: UInt8) {
            (code, operand, jumpFalse) = (0x15, value, count)
        }
        /// BPF_JMP | BPF_JGE | BPF_K
        init(jumpIfAtLeast value: UInt32, over count: UInt8) {
            (code, operand, jumpTrue) = (0x35, value, count)
        }
        /// BPF_JMP | BPF_JGT | BPF_K
        init(jumpUnlessAbove value: UInt32, over count: UInt8) {
            (code, operand, jumpFalse) = (0x25, value, count)
        }
        /// BPF_RET | BPF_K
        init(return value: UInt32) { (code, operand) = (0x06, value) }

        /// In the byte order of the machine, which is little-endian on both architectures.
        var bytes: [UInt8] {
            let low = [
                UInt8(truncatingIfNeeded: code), UInt8(truncatingIfNeeded: code >> 8), jumpTrue, jumpFalse,
            ]
            return low + (0..<4).map { UInt8(truncatingIfNeeded: operand >> (8 * UInt32($0))) }
        }
    }
}
