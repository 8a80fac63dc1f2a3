package import Core

/// Events as they come. It ends at once for a plain query; a followed one ends when the daemon stops or the
/// reader's task is cancelled.
package typealias EventLines = any AsyncSequence<EventView, any Error> & Sendable

/// One event, one line of the answer (newline-delimited JSON).
package struct EventView: Sendable, Hashable, Codable {
    package var number: Int64
    package var at: Timestamp
    package var kind: EventKind
    package var name: String
    package var namespace: NamespaceName
    /// Name of the revision.
    package var revision: String?
    package var instance: InstanceID?
    package var cause: String?
    package var message: String
    package var callID: String?
    /// How long it took: of a start, from the launch until it took requests.
    package var milliseconds: Double?
    /// Events that are missing before this one, as their reader was too slow; nil where none is.
    package var skipped: Int?

    package init(_ event: EventRecord, skipped: Int = 0) {
        self.skipped = skipped > 0 ? skipped : nil
        number = event.number
        at = Timestamp(unixNanoseconds: event.at)
        kind = event.kind
        name = event.function.name
        namespace = event.function.namespace
        revision = event.revision.map { RevisionID(function: event.function, number: max(1, $0)).name }
        instance = event.instance
        cause = event.cause
        message = event.message
        callID = event.callID
        milliseconds = event.milliseconds
    }
}

/// Which events, and whether to go on with those that happen from now.
package struct EventRequest: Sendable, Hashable {
    package var query: EventQuery
    package var follow: Bool

    package init(query: EventQuery, follow: Bool = false) {
        self.query = query
        self.follow = follow
    }
}
