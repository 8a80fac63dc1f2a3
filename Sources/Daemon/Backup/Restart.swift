internal import ServiceLifecycle
internal import Synchronization

/// Ends the daemon's services in order when it is asked to, so that the program begins anew.
final class Restart: Service {
    private let requests: AsyncStream<Void>
    private let request: AsyncStream<Void>.Continuation
    private let asked = Atomic<Bool>(false)

    init() { (requests, request) = AsyncStream.makeStream() }

    var isAsked: Bool { asked.load(ordering: .acquiring) }

    func ask() {
        asked.store(true, ordering: .releasing)
        request.yield()
    }

    /// Returns when it was asked, or at the shutdown.
    func run() async throws {
        for await _ in requests.cancelOnGracefulShutdown() { return }
    }
}
