package import Core

/// A resource of setrlimit(2); the raw value is its number, the same on x86_64 and aarch64.
package enum ResourceLimitKind: UInt32, Sendable, CaseIterable {
    case cpu = 0
    case fileSize = 1
    case data = 2
    case stack = 3
    case core = 4
    case residentSet = 5
    case processes = 6
    case openFiles = 7
    case lockedMemory = 8
    case addressSpace = 9
    case locks = 10
    case pendingSignals = 11
    case messageQueues = 12
    case nice = 13
    case realtimePriority = 14
    case realtimeTime = 15

    package var name: String {
        switch self {
        case .cpu: "RLIMIT_CPU"
        case .fileSize: "RLIMIT_FSIZE"
        case .data: "RLIMIT_DATA"
        case .stack: "RLIMIT_STACK"
        case .core: "RLIMIT_CORE"
        case .residentSet: "RLIMIT_RSS"
        case .processes: "RLIMIT_NPROC"
        case .openFiles: "RLIMIT_NOFILE"
        case .lockedMemory: "RLIMIT_MEMLOCK"
        case .addressSpace: "RLIMIT_AS"
        case .locks: "RLIMIT_LOCKS"
        case .pendingSignals: "RLIMIT_SIGPENDING"
        case .messageQueues: "RLIMIT_MSGQUEUE"
        case .nice: "RLIMIT_NICE"
        case .realtimePriority: "RLIMIT_RTPRIO"
        case .realtimeTime: "RLIMIT_RTTIME"
        }
    }

    package init?(name: String) {
        guard let kind = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = kind
    }
}

extension OCIConfig.Process {
    /// A limit ready for setrlimit(2).
    package struct Limit: Sendable, Hashable {
        package var kind: ResourceLimitKind
        package var soft: UInt64
        package var hard: UInt64
    }

    /// - Throws: `InvalidInput` for an unknown or repeated name, and for a soft limit over its hard one.
    package func limits() throws(InvalidInput) -> [Limit] {
        var limits: [Limit] = []
        for (index, entry) in (rlimits ?? []).enumerated() {
            let path = "process.rlimits[\(index)]"
            guard let kind = ResourceLimitKind(name: entry.type) else {
                throw InvalidInput(
                    path + ".type", "'\(entry.type.prefix(60))' is no resource limit",
                    allowed: "one of " + ResourceLimitKind.allCases.map(\.name).joined(separator: ", "))
            }
            guard !limits.contains(where: { $0.kind == kind }) else {
                throw InvalidInput(path + ".type", "\(kind.name) is there twice", allowed: "each limit once")
            }
            guard entry.soft <= entry.hard else {
                throw InvalidInput(
                    path + ".soft", "\(entry.soft) is over the hard limit", allowed: "at most \(entry.hard)")
            }
            limits.append(Limit(kind: kind, soft: entry.soft, hard: entry.hard))
        }
        return limits
    }
}
