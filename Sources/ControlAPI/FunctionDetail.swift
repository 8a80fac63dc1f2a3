package import Core

/// Everything `torpor describe` shows.
package struct FunctionDetail: Sendable, Hashable, Codable {
    package var function: FunctionView
    /// Of the revision that takes requests, else of the newest.
    package var spec: FunctionSpec
    /// Ascending by number.
    package var revisions: [RevisionView]
    /// What runs, oldest first.
    package var instances: [InstanceView]
    /// What ran lately, newest first.
    package var past: [PastInstanceView]
    package var lastFailure: FailureView?
    /// What the host cannot do for this function although it was asked to (`limits: besteffort`).
    package var warnings: [String]
    /// The host's ids that stand for those inside, from 0 on; nil where functions have the daemon's own id.
    package var ids: IDRangeView?

    package init(
        function: FunctionView, spec: FunctionSpec, revisions: [RevisionView], instances: [InstanceView],
        past: [PastInstanceView], lastFailure: FailureView?, warnings: [String] = [], ids: IDRangeView? = nil
    ) {
        self.function = function
        self.spec = spec
        self.revisions = revisions
        self.instances = instances
        self.past = past
        self.lastFailure = lastFailure
        self.warnings = warnings
        self.ids = ids
    }
}

/// User and group ids of the host.
package struct IDRangeView: Sendable, Hashable, Codable {
    package var first: UInt32
    package var count: UInt32
    /// Whether all functions have these.
    package var shared: Bool

    package init(first: UInt32, count: UInt32 = Limits.containerIDs, shared: Bool) {
        self.first = first
        self.count = count
        self.shared = shared
    }
}

package struct RevisionView: Sendable, Hashable, Codable {
    package enum State: String, Sendable, Codable, CaseIterable {
        /// Takes the requests.
        case active
        /// Comes up, to become active.
        case starting
        /// Newest, but never came up.
        case failed
        /// Was active once; its last instances may still drain.
        case retired
    }

    package var name: String
    package var number: Int
    package var state: State
    package var source: FunctionSource
    package var rootfs: ContentDigest
    package var createdAt: Timestamp
    package var spec: FunctionSpec

    package init(_ revision: Revision, state: State) {
        name = revision.id.name
        number = revision.id.number
        self.state = state
        source = FunctionSource(revision.source)
        rootfs = revision.rootfs
        createdAt = Timestamp(unixSeconds: revision.createdAt)
        spec = revision.spec
    }
}

package struct InstanceView: Sendable, Hashable, Codable {
    package var id: InstanceID
    /// Name of its revision.
    package var revision: String
    package var state: InstanceState
    package var inFlight: Int
    /// Requests that it ever took.
    package var served: UInt64
    /// Seconds since it was last used; nil while it never was, or while a request is in flight.
    package var idleSeconds: Double?
    package var startedAt: Timestamp
    /// Milliseconds from its launch until it took requests; nil while it does not.
    package var startMilliseconds: Double?
    /// The slot's address on the bridge; nil for `network: none`.
    package var address: String?
    /// Process id of its PID 1 on the host, for tools such as nsenter(1).
    package var pid: Int?

    package init(
        id: InstanceID, revision: RevisionID, state: InstanceState, inFlight: Int, served: UInt64,
        idleSeconds: Double?, startedAt: Timestamp, startMilliseconds: Double?, address: String?,
        pid: Int? = nil
    ) {
        self.id = id
        self.revision = revision.name
        self.state = state
        self.inFlight = inFlight
        self.served = served
        self.idleSeconds = idleSeconds
        self.startedAt = startedAt
        self.startMilliseconds = startMilliseconds
        self.address = address
        self.pid = pid
    }
}

package struct PastInstanceView: Sendable, Hashable, Codable {
    package var id: InstanceID
    package var revision: String
    package var state: InstanceState
    package var startedAt: Timestamp
    package var endedAt: Timestamp?
    package var exit: ExitView?
    package var cause: String?

    package init(_ record: InstanceRecord, of function: FunctionKey) {
        id = record.id
        revision = RevisionID(function: function, number: max(1, record.revisionNumber)).name
        state = record.state
        startedAt = Timestamp(unixSeconds: record.startedAt)
        endedAt = record.endedAt.map(Timestamp.init(unixSeconds:))
        exit = record.exit.map(ExitView.init)
        cause = record.cause
    }
}
