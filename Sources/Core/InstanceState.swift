/// The life of an instance (docs/architecture.md has the diagram):
/// `creating → starting → ready ⇄ frozen`, either of them `→ draining → stopped`, and `failed` from anywhere.
package enum InstanceState: String, Sendable, Codable, CaseIterable {
    /// The sandbox is being made.
    case creating
    /// The function's process runs; its port does not accept yet.
    case starting
    /// Takes requests.
    case ready
    /// Held by the cgroup freezer; the next request thaws it.
    case frozen
    /// Takes no new request; finishes those in flight, then gets SIGTERM.
    case draining
    /// Gone, as it should be.
    case stopped
    /// Gone, or never there, for a reason that `describe` shows.
    case failed

    /// Whether the life goes on from here to `next`.
    package func leads(to next: InstanceState) -> Bool {
        switch (self, next) {
        case (.creating, .starting), (.starting, .ready), (.ready, .frozen), (.frozen, .ready),
            (.creating, .draining), (.starting, .draining), (.ready, .draining), (.frozen, .draining),
            (.draining, .stopped):
            true
        case (.stopped, _), (.failed, _): false
        case (_, .failed): true
        default: false
        }
    }

    package var isOver: Bool { self == .stopped || self == .failed }
}

/// How the function's main process ended.
package enum ExitStatus: Sendable, Hashable, Codable {
    case code(Int)
    case signal(Int)
    /// The kernel's out-of-memory killer ended it.
    case oomKilled
    /// torpor-init itself was killed, so nobody saw how the function ended.
    case unknown
}

/// Why an instance failed: shown by `describe`, never on the Internet.
package struct InstanceFailure: Error, Sendable, Hashable, Codable {
    /// What was being done.
    package enum Phase: String, Sendable, Codable {
        case create, start, ready, run, freeze
    }

    package var phase: Phase
    /// A short stable code for tools: `OOMKilled`, `PidsExhausted`, `DiskQuota`, `CommandNotFound`, `NotExecutable`, `ExitedEarly`, `NotListening`,
    /// `Exited`, `SandboxFailed`, `NoSlot`.
    package var cause: String
    /// A sentence: what failed, on what, why.
    package var message: String
    package var exit: ExitStatus?
    package var instance: InstanceID?
    package var callID: String?
    /// The last lines of the instance's log.
    package var log: [String]
    /// Unix seconds.
    package var at: Int64

    package init(
        phase: Phase, cause: String, message: String, exit: ExitStatus? = nil, instance: InstanceID? = nil,
        callID: String? = nil, log: [String] = [], at: Int64 = 0
    ) {
        self.phase = phase
        self.cause = cause
        self.message = message
        self.exit = exit
        self.instance = instance
        self.callID = callID
        self.log = log
        self.at = at
    }
}
