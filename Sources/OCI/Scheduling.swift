package import Core

extension OCIConfig.Scheduler {
    /// What sched_setattr(2) takes.
    package struct Attributes: Sendable, Hashable {
        package var policy: UInt32 = 0
        package var flags: UInt64 = 0
        package var nice: Int32 = 0
        package var priority: UInt32 = 0
        /// Nanoseconds.
        package var runtime: UInt64 = 0
        package var deadline: UInt64 = 0
        package var period: UInt64 = 0
    }

    /// SCHED_* of sched.h.
    private static let policies: [String: UInt32] = [
        "SCHED_OTHER": 0, "SCHED_FIFO": 1, "SCHED_RR": 2, "SCHED_BATCH": 3, "SCHED_ISO": 4, "SCHED_IDLE": 5,
        "SCHED_DEADLINE": 6,
    ]
    private static let flagBits: [String: UInt64] = [
        "SCHED_FLAG_RESET_ON_FORK": 0x1, "SCHED_FLAG_RECLAIM": 0x2, "SCHED_FLAG_DL_OVERRUN": 0x4,
        "SCHED_FLAG_KEEP_POLICY": 0x8, "SCHED_FLAG_KEEP_PARAMS": 0x10, "SCHED_FLAG_UTIL_CLAMP_MIN": 0x20,
        "SCHED_FLAG_UTIL_CLAMP_MAX": 0x40,
    ]

    /// - Throws: `InvalidInput` for an unknown word, or a value that its policy does not have.
    package func attributes() throws(InvalidInput) -> Attributes {
        let path = "process.scheduler"
        var result = Attributes()
        guard let number = Self.policies[policy] else {
            throw InvalidInput(
                path + ".policy", "'\(policy.prefix(40))' is no policy",
                allowed: Self.policies.keys.sorted().joined(separator: ", "))
        }
        result.policy = number
        for (index, flag) in (flags ?? []).enumerated() {
            guard let bit = Self.flagBits[flag] else {
                throw InvalidInput(
                    "\(path).flags[\(index)]", "'\(flag.prefix(40))' is no flag",
                    allowed: Self.flagBits.keys.sorted().joined(separator: ", "))
            }
            result.flags |= bit
        }
        result.nice = nice ?? 0
        if !(-20...19).contains(result.nice) {
            throw InvalidInput(path + ".nice", "\(result.nice) is out of range", allowed: "-20 to 19")
        }
        let priorities: ClosedRange<Int32> = isRealTime ? 1...99 : 0...0
        let given = priority ?? 0
        guard priorities.contains(given) else {
            throw InvalidInput(
                path + ".priority", "\(given) is no priority of \(policy)",
                allowed: isRealTime ? "1 to 99" : "0, or leave it out")
        }
        result.priority = UInt32(given)
        for (name, value) in [("runtime", runtime), ("deadline", deadline), ("period", period)]
        where value ?? 0 != 0 && policy != "SCHED_DEADLINE" {
            throw InvalidInput(
                "\(path).\(name)", "is no value of \(policy)", allowed: "SCHED_DEADLINE alone has it")
        }
        result.runtime = runtime ?? 0
        result.deadline = deadline ?? 0
        result.period = period ?? 0
        return result
    }

    private var isRealTime: Bool { policy == "SCHED_FIFO" || policy == "SCHED_RR" }

    /// Whether every process may set it for itself, without a capability over the host's.
    package var needsNoPrivilege: Bool {
        ["SCHED_OTHER", "SCHED_BATCH", "SCHED_IDLE"].contains(policy) && (nice ?? 0) >= 0
            && (flags ?? []).allSatisfy { $0 == "SCHED_FLAG_RESET_ON_FORK" }
    }
}

extension OCIConfig.IOPriority {
    private static let classes = ["IOPRIO_CLASS_RT": 1, "IOPRIO_CLASS_BE": 2, "IOPRIO_CLASS_IDLE": 3]

    /// What ioprio_set(2) takes.
    package func value() throws(InvalidInput) -> UInt64 {
        guard let number = Self.classes[`class`] else {
            throw InvalidInput(
                "process.ioPriority.class", "'\(`class`.prefix(40))' is no class",
                allowed: Self.classes.keys.sorted().joined(separator: ", "))
        }
        guard (0...7).contains(priority) else {
            throw InvalidInput(
                "process.ioPriority.priority", "\(priority) is out of range", allowed: "0 to 7")
        }
        return UInt64(number << 13 | priority)
    }

    package var needsNoPrivilege: Bool { `class` != "IOPRIO_CLASS_RT" }
}

extension OCIConfig.Personality {
    /// What personality(2) takes; nil where the domain is the machine's own.
    package func value() throws(InvalidInput) -> UInt64? {
        if let flag = flags?.first {
            throw InvalidInput(
                "linux.personality.flags", "'\(flag.prefix(40))' is no flag: the specification has none yet",
                allowed: "leave it out")
        }
        switch domain ?? "LINUX" {
        case "LINUX": return nil
        case "LINUX32": return 8
        default:
            throw InvalidInput(
                "linux.personality.domain", "'\((domain ?? "").prefix(40))' is no domain",
                allowed: "LINUX or LINUX32")
        }
    }
}

/// A list of processors as cpuset(7) has it: `0-3,7`.
package struct ProcessorList: Sendable, Hashable {
    /// The mask that sched_setaffinity(2) takes, eight bytes for every 64 processors.
    package let mask: [UInt64]

    /// - Throws: `InvalidInput` for what is no list, or names a processor beyond `Limits.processors`.
    package init(_ text: String, path: String) throws(InvalidInput) {
        var mask: [UInt64] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first >= 0,
                first <= last, last < Limits.processors
            else {
                throw InvalidInput(
                    path, "'\(text.prefix(40))' is no list of processors", allowed: "such as 0-3,7")
            }
            while mask.count <= last / 64 { mask.append(0) }
            for processor in first...last { mask[processor / 64] |= 1 << UInt64(processor % 64) }
        }
        self.mask = mask
    }
}
