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
        var program: [FilterInstruction] = [
            FilterInstruction(load: FilterInstruction.Data.architecture),
            FilterInstruction(FilterInstruction.Code.jumpIfEqual, seccomp_arch_native()),
            FilterInstruction(load: FilterInstruction.Data.number),
        ]
        #if arch(x86_64)
            // Numbers of the x32 mode have this bit; libseccomp's own part judges them.
            program.append(FilterInstruction(FilterInstruction.Code.jumpIfAtLeast, 0x4000_0000, over: 2))
        #endif
        program.append(FilterInstruction(FilterInstruction.Code.jumpIfAbove, highest, elseOver: 1))
        program.append(FilterInstruction(verdict: cseccomp_act_errno(notImplemented)))
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
}
