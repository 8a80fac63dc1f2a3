internal import ControlAPI
internal import Core
internal import Orchestrator

extension Backend {
    func events(_ request: EventRequest) async throws(ControlError) -> EventLines {
        do {
            guard request.follow else {
                let events = try await orchestrator.events.read(request.query)
                return AsyncThrowingStream<EventView, any Error> { continuation in
                    for event in events { continuation.yield(EventView(event)) }
                    continuation.finish()
                }
            }
            let (kept, live) = try await orchestrator.events.follow(request.query)
            return FollowedEvents(kept: kept, live: live)
        } catch {
            throw Self.translate(error)
        }
    }
}

/// First what is kept, then what happens, one at a time: a slow reader holds back nothing but itself.
private struct FollowedEvents: AsyncSequence, Sendable {
    let kept: [EventRecord]
    let live: AsyncStream<EventNews>

    struct AsyncIterator: AsyncIteratorProtocol {
        var kept: ArraySlice<EventRecord>
        var live: AsyncStream<EventNews>.AsyncIterator

        mutating func next() async throws -> EventView? { try await next(isolation: nil) }

        mutating func next(isolation actor: isolated (any Actor)?) async throws(any Error) -> EventView? {
            if let event = kept.popFirst() { return EventView(event) }
            return await live.next(isolation: actor).map { EventView($0.event, skipped: $0.skipped) }
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(kept: kept[...], live: live.makeAsyncIterator())
    }
}
