package import Core

/// A set of capabilities(7), one bit each, as capset(2) takes them.
package struct CapabilitySet: OptionSet, Sendable, Hashable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// - Parameter number: as in linux/capability.h, 0 to 40.
    package init(number: Int) { self.init(rawValue: 1 << UInt64(number)) }

    /// Names in the order of their numbers, as of Linux 5.9; later kernels have added none.
    package static let names = [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
        "CAP_SETGID",
        "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST",
        "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO",
        "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE",
        "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE",
        "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG",
        "CAP_WAKE_ALARM",
        "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
    ]

    private static let numbers = Dictionary(
        uniqueKeysWithValues: names.enumerated().map { ($0.element, $0.offset) })

    /// The capability of that name, or nil. Names are exact: upper case, with `CAP_`.
    package init?(name: String) {
        guard let number = Self.numbers[name] else { return nil }
        self.init(number: number)
    }

    /// - Throws: `InvalidInput` for the first name that is not a capability.
    package init(names: [String]?, path: String) throws(InvalidInput) {
        var set: CapabilitySet = []
        for (index, name) in (names ?? []).enumerated() {
            guard let capability = CapabilitySet(name: name) else {
                throw InvalidInput(
                    "\(path)[\(index)]", "'\(name.prefix(60))' is no capability",
                    allowed: "a name of capabilities(7) such as CAP_KILL")
            }
            set.insert(capability)
        }
        self = set
    }

    package var names: [String] {
        Self.names.enumerated().filter { rawValue >> UInt64($0.offset) & 1 == 1 }.map(\.element)
    }

    /// What an ordinary container gets, as the engines agree: enough to act as root over its own files and processes.
    package static let containerDefault: CapabilitySet = {
        let names = [
            "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID",
            "CAP_SETUID",
            "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SYS_CHROOT", "CAP_MKNOD",
            "CAP_AUDIT_WRITE", "CAP_SETFCAP",
        ]
        return names.compactMap(CapabilitySet.init(name:)).reduce(into: []) { $0.formUnion($1) }
    }()
}

/// The five sets of a process.
package struct CapabilityMasks: Sendable, Hashable {
    package var bounding: CapabilitySet = []
    package var effective: CapabilitySet = []
    package var inheritable: CapabilitySet = []
    package var permitted: CapabilitySet = []
    package var ambient: CapabilitySet = []

    package init() {}
}

extension OCIConfig.Process {
    /// The sets by name as bits. A configuration without `capabilities` gives none at all.
    /// - Throws: `InvalidInput` for an unknown name, and for sets that the kernel would refuse together.
    package func capabilityMasks() throws(InvalidInput) -> CapabilityMasks {
        guard let capabilities else { return CapabilityMasks() }
        let path = "process.capabilities"
        var masks = CapabilityMasks()
        masks.bounding = try CapabilitySet(names: capabilities.bounding, path: path + ".bounding")
        masks.effective = try CapabilitySet(names: capabilities.effective, path: path + ".effective")
        masks.inheritable = try CapabilitySet(names: capabilities.inheritable, path: path + ".inheritable")
        masks.permitted = try CapabilitySet(names: capabilities.permitted, path: path + ".permitted")
        masks.ambient = try CapabilitySet(names: capabilities.ambient, path: path + ".ambient")
        try requireSubset(masks.effective, "effective", of: masks.permitted, "permitted")
        return masks
    }

    private func requireSubset(
        _ set: CapabilitySet, _ name: String, of whole: CapabilitySet, _ wholeName: String
    ) throws(InvalidInput) {
        guard let extra = set.subtracting(whole).names.first else { return }
        throw InvalidInput(
            "process.capabilities.\(name)", "has \(extra), which process.capabilities.\(wholeName) has not",
            allowed: "what is also in \(wholeName)")
    }
}
