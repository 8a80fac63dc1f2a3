package import OCI

/// The filter of a function whose configuration names none. Everything is denied with EPERM but what ordinary programs
/// need, which is the allow-list that container engines have agreed on, minus io_uring (its workers bypass much of what
/// a filter can see) and minus what only other architectures have.
///
/// Groups that are tied to a capability are added when the bounding set has it: a process without the capability would
/// be refused by the kernel anyway, but only after running code that has had holes.
package enum DefaultSeccompProfile {
    /// - Parameter capabilities: the bounding set.
    package static func make(capabilities: CapabilitySet) -> OCIConfig.Seccomp {
        var profile = OCIConfig.Seccomp(defaultAction: .errno, defaultErrnoRet: permissionDenied)
        var rules = [OCIConfig.SyscallRule(names: SyscallGroups.everyday, action: .allow)]
        rules += [sockets] + personalities
        for group in SyscallGroups.tiedToCapabilities
        where !capabilities.isDisjoint(with: CapabilitySet(names: group.capabilities)) {
            rules.append(OCIConfig.SyscallRule(names: group.names, action: .allow))
        }
        if !capabilities.contains(CapabilitySet(names: ["CAP_SYS_ADMIN"])) { rules += processCreation }
        profile.syscalls = rules
        return profile
    }

    private static let permissionDenied: UInt32 = 1
    private static let notImplemented: UInt32 = 38

    /// Sockets of every family but AF_VSOCK (40), which would reach the hypervisor past the network namespace.
    private static let sockets = OCIConfig.SyscallRule(
        names: ["socket"], action: .allow,
        args: [OCIConfig.ArgumentCondition(index: 0, value: 40, op: .notEqual)])

    /// PER_LINUX and PER_LINUX32, each with and without UNAME26, and asking for the present one. Not among them is
    /// ADDR_NO_RANDOMIZE, which would undo the randomised address space.
    private static let personalities = [0x0, 0x8, 0x2_0000, 0x2_0008, 0xffff_ffff].map { (value: UInt64) in
        OCIConfig.SyscallRule(
            names: ["personality"], action: .allow,
            args: [OCIConfig.ArgumentCondition(index: 0, value: value, op: .equal)])
    }

    /// CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET.
    private static let newNamespaces: UInt64 = 0x7e02_0000

    /// Threads and processes, but no namespaces. The flags of clone3(2) lie in memory where a filter cannot look, so it
    /// does not exist: libraries then fall back to clone(2).
    private static let processCreation = [
        OCIConfig.SyscallRule(
            names: ["clone"], action: .allow,
            args: [OCIConfig.ArgumentCondition(index: 0, value: newNamespaces, valueTwo: 0, op: .maskedEqual)]
        ),
        OCIConfig.SyscallRule(names: ["clone3"], action: .errno, errnoRet: notImplemented),
    ]
}

extension CapabilitySet {
    /// Names that this program itself writes; an unknown one would be no capability at all.
    fileprivate init(names: [String]) {
        self = names.compactMap(CapabilitySet.init(name:)).reduce(into: []) { $0.formUnion($1) }
    }
}
