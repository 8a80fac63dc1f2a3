/// What an instance can run out of, by the short stable code that people are told.
package enum Exhaustion: String, Sendable, Hashable, Codable, CaseIterable {
    /// The kernel ended a process of it: it used more than `limits.memory`.
    case memory = "OOMKilled"
    /// It had as many processes as `limits.pids` lets it have, and wanted one more.
    case pids = "PidsExhausted"
    /// Its writable layer, or another place of its own that it writes to, was full.
    case disk = "DiskQuota"

    /// What was full or used up, as a part of a sentence.
    package var what: String {
        switch self {
        case .memory: "it used more than limits.memory"
        case .pids: "it had all the processes that limits.pids lets it have"
        case .disk: "a place that it writes to was full (limits.disk)"
        }
    }
}

/// One exhaustion, told once of an instance.
package struct ExhaustionNotice: Sendable, Hashable {
    package let kind: Exhaustion
    /// A sentence: what, where, how often so far.
    package let message: String

    package init(_ kind: Exhaustion, _ message: String) {
        self.kind = kind
        self.message = message
    }
}

/// Tells what an instance has run out of.
package protocol ExhaustionTelling: Sendable {
    /// What it ran out of within the last seconds, the worst first; nil where it lacked nothing. Any thread, in any state,
    /// also after its end: some reads of the kernel's memory, for the moment when something of it has failed.
    func exhausted() -> Exhaustion?
}
