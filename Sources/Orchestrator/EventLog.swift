package import Core
internal import Logging
internal import Synchronization

/// What a follower of events sees.
package struct EventNews: Sendable, Hashable {
    package let event: EventRecord
    /// Events that are missing before it: the follower was too slow. The log has them.
    package let skipped: Int
}

/// The log of events: numbers them, keeps them until they are stored, and tells followers. Recording never waits.
package final class EventLog: Sendable {
    private struct State {
        var last: Int64 = 0
        /// Recorded and not stored yet, oldest first.
        var unsaved: [EventRecord] = []
        /// Events that found no room there.
        var lost = 0
        var followers: [Int: Follower] = [:]
        var nextFollower = 0
    }

    private struct Follower {
        let query: EventQuery
        let continuation: AsyncStream<EventNews>.Continuation
        var skipped = 0

        mutating func offer(_ event: EventRecord) {
            guard query.matches(event) else { return }
            let result = continuation.yield(EventNews(event: event, skipped: skipped))
            if case .dropped = result { skipped += 1 } else { skipped = 0 }
        }
    }

    private let store: any EventStore
    private let time: any Timekeeper
    private let logger: Logger
    private let state = Mutex(State())
    private let wake: AsyncStream<Void>
    private let wakeUp: AsyncStream<Void>.Continuation

    init(store: any EventStore, time: any Timekeeper, logger: Logger) {
        self.store = store
        self.time = time
        self.logger = logger
        (wake, wakeUp) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Before anything is recorded.
    func load() async throws {
        let last = try await store.lastEvent()
        state.withLock { $0.last = last }
    }

    /// Any thread.
    func record(_ event: EventRecord) {
        var event = event
        event.at = time.unixNanoseconds()
        if event.message.utf8.count > Limits.eventMessageBytes {
            event.message = String(
                decoding: event.message.utf8.prefix(Limits.eventMessageBytes), as: UTF8.self)
        }
        state.withLock { state in
            state.last += 1
            event.number = state.last
            if state.unsaved.count < Limits.eventsUnsaved {
                state.unsaved.append(event)
            } else {
                state.lost += 1
            }
            for id in state.followers.keys { state.followers[id]?.offer(event) }
        }
        wakeUp.yield()
    }

    /// The last events that match, oldest first.
    package func read(_ query: EventQuery) async throws -> [EventRecord] {
        // Taken first: what is not in it and older than this moment is stored.
        let unsaved = state.withLock { $0.unsaved }
        return try await kept(query, unsaved)
    }

    private func kept(_ query: EventQuery, _ unsaved: [EventRecord]) async throws -> [EventRecord] {
        let stored = try await store.events(query)
        let last = stored.last?.number ?? 0
        return (stored + unsaved.filter { $0.number > last && query.matches($0) }).suffix(query.limit)
    }

    /// What is kept, then what happens from now on, nothing twice and nothing left out: a follower that is too slow is
    /// told how many events it missed. Ends when the daemon stops.
    package func follow(_ query: EventQuery) async throws -> (
        kept: [EventRecord], live: AsyncStream<EventNews>
    ) {
        let (live, continuation) = AsyncStream.makeStream(
            of: EventNews.self, bufferingPolicy: .bufferingOldest(Limits.eventFollowerEntries))
        let (id, last, unsaved) = state.withLock { state -> (Int, Int64, [EventRecord]) in
            state.nextFollower += 1
            if state.followers.count < Limits.eventFollowers {
                state.followers[state.nextFollower] = Follower(query: query, continuation: continuation)
            } else {
                continuation.finish()
            }
            return (state.nextFollower, state.last, state.unsaved)
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.followers.removeValue(forKey: id) }
        }
        return (try await kept(query, unsaved).filter { $0.number <= last }, live)
    }

    /// Stores what is recorded until `finish`.
    func run() async {
        for await _ in wake { await save() }
        await save()
        for follower in state.withLock({ Array($0.followers.values) }) { follower.continuation.finish() }
    }

    func finish() { wakeUp.finish() }

    private func save() async {
        while true {
            let (batch, lost) = state.withLock { state in
                defer { state.lost = 0 }
                return (state.unsaved, state.lost)
            }
            if lost > 0 { logger.warning("events were lost", metadata: ["count": "\(lost)"]) }
            if batch.isEmpty { return }
            do {
                try await store.append(batch)
            } catch {
                logger.warning("events could not be stored", metadata: ["error": "\(error)"])
            }
            state.withLock { $0.unsaved.removeFirst(batch.count) }
        }
    }
}
