/// What can happen to a function, in one word.
package enum EventKind: String, Sendable, Hashable, Codable, CaseIterable {
    /// A new revision was stored and is brought up.
    case deployed
    /// A revision took over: it gets every request from here on.
    case activated
    /// An instance came to life and takes requests.
    case started
    /// The freezer took an instance.
    case froze
    /// A request thawed an instance.
    case woke
    /// An instance did not come up, or died.
    case failed
    /// An instance ran out of something and may live on: `cause` is `PidsExhausted` or `DiskQuota`.
    case exhausted
    /// An instance ended as it should.
    case stopped
    /// Somebody set the number of instances, or gave it back.
    case scaled
    /// A start, a deploy or a scaling was held back: its namespace has no room.
    case held
    case removed
    /// A call came to nothing: `cause` is the short code that the client got.
    case refused
}

/// One thing that happened, for people and tools: what runs is never derived from it.
package struct EventRecord: Sendable, Hashable {
    /// Ascending in the order of what happened; gaps are possible, repetitions are not.
    package var number: Int64
    /// Unix nanoseconds.
    package var at: Int64
    package var kind: EventKind
    package var function: FunctionKey
    package var revision: Int?
    package var instance: InstanceID?
    /// A short stable code for tools, as `InstanceFailure.cause`; of a stop `Idle`, `ScaledDown`, `Replaced`, ….
    package var cause: String?
    /// A sentence; at most `Limits.eventMessageBytes`.
    package var message: String
    /// The request that made it happen.
    package var callID: String?
    /// How long it took: of a start, from the launch until it took requests.
    package var milliseconds: Double?

    package init(
        number: Int64 = 0, at: Int64 = 0, kind: EventKind, function: FunctionKey, revision: Int? = nil,
        instance: InstanceID? = nil, cause: String? = nil, message: String, callID: String? = nil,
        milliseconds: Double? = nil
    ) {
        self.number = number
        self.at = at
        self.kind = kind
        self.function = function
        self.revision = revision
        self.instance = instance
        self.cause = cause
        self.message = message
        self.callID = callID
        self.milliseconds = milliseconds
    }
}

/// Which events.
package struct EventQuery: Sendable, Hashable {
    /// Nil is every namespace.
    package var namespace: NamespaceName?
    /// Nil is every function.
    package var function: FunctionKey?
    /// Nil is every kind.
    package var kind: EventKind?
    /// Only what happened at or after this moment (Unix nanoseconds).
    package var since: Int64?
    /// Only the last ones, at most `Limits.eventsKept`.
    package var limit: Int

    package init(
        namespace: NamespaceName? = nil, function: FunctionKey? = nil, kind: EventKind? = nil,
        since: Int64? = nil, limit: Int = Limits.eventsKept
    ) {
        self.namespace = namespace
        self.function = function
        self.kind = kind
        self.since = since
        self.limit = limit
    }

    package func matches(_ event: EventRecord) -> Bool {
        (namespace == nil || event.function.namespace == namespace)
            && (function == nil || event.function == function) && (kind == nil || event.kind == kind)
            && (since.map { event.at >= $0 } ?? true)
    }
}

/// Keeps the newest events. Part of `StorePort`.
package protocol EventStore: Sendable {
    /// Soon durable; may be lost by a crash. What is beyond `Limits.eventsKept` is forgotten, oldest first.
    func append(_ events: [EventRecord]) async throws
    /// The last ones that match, oldest first.
    func events(_ query: EventQuery) async throws -> [EventRecord]
    /// The highest number ever appended; 0 where there was none.
    func lastEvent() async throws -> Int64
}
