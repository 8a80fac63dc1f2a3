package import Core

extension OCIConfig.Seccomp {
    /// What seccomp(2) takes.
    private static let flagBits: [String: UInt64] = [
        "SECCOMP_FILTER_FLAG_LOG": 0x2, "SECCOMP_FILTER_FLAG_SPEC_ALLOW": 0x4,
        "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV": 0x20,
        // Synchronising threads asks for nothing: the filter is installed by a process with one thread.
        "SECCOMP_FILTER_FLAG_TSYNC": 0,
    ]
    /// SECCOMP_FILTER_FLAG_NEW_LISTENER.
    private static let newListener: UInt64 = 0x8

    /// Whether any system call is to be decided by a listener.
    package var notifies: Bool {
        defaultAction == .notify || (syscalls ?? []).contains { $0.action == .notify }
    }

    /// - Throws: `InvalidInput` for an unknown flag, and for a listener and notifications without each other.
    package func flagBits() throws(InvalidInput) -> UInt64 {
        var bits: UInt64 = notifies ? Self.newListener : 0
        for (index, flag) in (flags ?? []).enumerated() {
            let path = "linux.seccomp.flags[\(index)]"
            guard let bit = Self.flagBits[flag] else {
                throw InvalidInput(
                    path, "'\(flag.prefix(60))' is no flag",
                    allowed: Self.flagBits.keys.sorted().joined(separator: ", "))
            }
            if flag == "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" && !notifies {
                throw InvalidInput(
                    path, "is about notifications, and no action is SCMP_ACT_NOTIFY", allowed: "leave it out")
            }
            bits |= bit
        }
        return bits
    }

    /// The listener is handed over by the process that the filter holds for already.
    /// - Throws: `InvalidInput` where that would wait for itself.
    package func checkListener() throws(InvalidInput) {
        let hasListener = listenerPath?.isEmpty == false
        guard notifies else {
            if !hasListener && listenerMetadata?.isEmpty == false {
                throw InvalidInput(
                    "linux.seccomp.listenerMetadata", "is there without listenerPath", allowed: "both or none"
                )
            }
            return
        }
        guard hasListener else {
            throw InvalidInput(
                "linux.seccomp.listenerPath", "is missing: an action is SCMP_ACT_NOTIFY",
                allowed: "the path of a unix socket that somebody listens on")
        }
        let rules = syscalls ?? []
        let own = rules.firstIndex { $0.action == .notify && $0.names.contains("sendmsg") }
        let isDecided = rules.contains {
            $0.action != .notify && $0.names.contains("sendmsg") && $0.args == nil
        }
        if own != nil || defaultAction == .notify && !isDecided {
            throw InvalidInput(
                own.map { "linux.seccomp.syscalls[\($0)]" } ?? "linux.seccomp.defaultAction",
                "notifies of sendmsg, by which the listener is handed over: nobody could ever answer",
                allowed: "another action for sendmsg")
        }
    }
}
