internal import CLinux
internal import CSeccomp
package import Core
internal import LinuxSystem
package import OCI

/// Turns a profile into the program that seccomp(2) installs. Done once per revision.
package enum SeccompCompiler {
    /// - Parameters:
    ///   - profile: nil is the default one, which denies what it does not name.
    ///   - capabilities: the bounding set; only the default profile depends on it.
    /// - Returns: an array of `struct sock_filter`, eight bytes each, for this machine's architecture.
    /// - Throws: `InvalidInput` for what is unknown, not honoured, or refused by libseccomp.
    package static func compile(
        _ profile: OCIConfig.Seccomp?, capabilities: CapabilitySet
    ) throws(InvalidInput) -> [UInt8] {
        FilterRanges.shorten(try translate(profile, capabilities: capabilities))
    }

    /// The same as libseccomp writes it.
    package static func translate(
        _ profile: OCIConfig.Seccomp?, capabilities: CapabilitySet
    ) throws(InvalidInput) -> [UInt8] {
        let profile = profile ?? DefaultSeccompProfile.make(capabilities: capabilities)
        let action = SeccompActionCode.code(profile.defaultAction, errno: profile.defaultErrnoRet)
        let filter = try SeccompFilter(defaultAction: action)
        for architecture in try SeccompArchitecture.subordinate(in: profile) {
            try filter.add(architecture)
        }
        for (index, rule) in (profile.syscalls ?? []).enumerated() {
            try add(rule, to: filter, defaultAction: action, at: "\(path).syscalls[\(index)]")
        }
        let program = try filter.export()
        return try NewerSyscalls.prefix(for: profile, filter: filter) + program
    }

    /// The same, with the set as plain bits.
    package static func compile(
        _ profile: OCIConfig.Seccomp?, capabilities: UInt64
    ) throws(InvalidInput) -> [UInt8] {
        try compile(profile, capabilities: CapabilitySet(rawValue: capabilities))
    }

    /// The number that libseccomp knows for a system call of this machine, negative for one of another; nil for none.
    package static func number(of syscall: String) -> Int32? { SeccompFilter.number(of: syscall) }

    static let path = "linux.seccomp"

    private static func add(
        _ rule: OCIConfig.SyscallRule, to filter: borrowing SeccompFilter, defaultAction: UInt32,
        at path: String
    ) throws(InvalidInput) {
        let action = SeccompActionCode.code(rule.action, errno: rule.errnoRet)
        // libseccomp refuses a rule that says what holds anyway.
        if action == defaultAction { return }
        let alternatives = alternatives(rule.args ?? [])
        for name in rule.names {
            guard let number = SeccompFilter.number(of: name) else { continue }
            for conditions in alternatives {
                try filter.add(action, syscall: number, conditions: conditions, at: "\(path) (\(name))")
            }
        }
    }

    /// Conditions hold all together, but several on one argument stand for alternatives: libseccomp takes one per
    /// argument and rule, and every engine reads profiles this way.
    private static func alternatives(_ conditions: [OCIConfig.ArgumentCondition]) -> [[OCIConfig
        .ArgumentCondition]]
    {
        let distinct = Set(conditions.map(\.index)).count
        return distinct == conditions.count ? [conditions] : conditions.map { [$0] }
    }
}

/// The action word of a filter (SECCOMP_RET_*, in libseccomp's form).
enum SeccompActionCode {
    static func code(
        _ action: OCIConfig.SeccompAction, errno: UInt32?
    ) -> UInt32 {
        let permissionDenied: UInt32 = 1
        switch action {
        case .kill, .killThread: return 0x0000_0000
        case .killProcess: return 0x8000_0000
        case .trap: return 0x0003_0000
        case .errno: return cseccomp_act_errno(errno ?? permissionDenied)
        case .trace: return cseccomp_act_trace(errno ?? permissionDenied)
        case .allow: return 0x7fff_0000
        case .log: return 0x7ffc_0000
        case .notify: return 0x7fc0_0000
        }
    }
}
