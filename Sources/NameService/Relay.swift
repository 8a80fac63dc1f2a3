internal import NIOCore

/// One query on its way through the host's name servers: they are asked one after the other, each once, until one answers.
/// Whoever asks sees one server where the host has several, and gives it the time that the host gives one; so that is
/// divided among them. It repeats its query by itself.
///
// SAFETY: touched on its event loop alone.
final class Relay: @unchecked Sendable {
    private let query: DNSQuery
    private let isStream: Bool
    private let eventLoop: any EventLoop
    private let note: (SocketAddress, Bool) -> Void
    private let patience: TimeAmount
    private var servers: ArraySlice<SocketAddress>
    /// What a server has said that cannot answer.
    private var excuse: [UInt8]?

    /// - Parameters:
    ///   - servers: in the order in which to ask them.
    ///   - timeout: of whoever asks.
    ///   - note: is told of each server whether it has answered.
    init(
        _ query: DNSQuery, isStream: Bool, servers: [SocketAddress], timeout: TimeAmount,
        eventLoop: any EventLoop, note: @escaping (SocketAddress, Bool) -> Void
    ) {
        self.query = query
        self.isStream = isStream
        self.servers = servers[...]
        self.eventLoop = eventLoop
        self.note = note
        // Less than all of it, so that the last word comes in time.
        patience = .nanoseconds(timeout.nanoseconds / 10 * 9 / Int64(max(1, servers.count)))
    }

    /// - Parameter done: is given the answer, with the query's id; nil where there is none.
    func start(_ done: @escaping ([UInt8]?) -> Void) {
        guard let server = servers.popFirst() else { return done(excuse) }
        Attempt(query, at: server, isStream: isStream, patience: patience, eventLoop: eventLoop) {
            [self] answer in
            note(server, answer != nil)
            if let answer {
                switch DNSReply.code(of: answer) {
                // As the C library does: another server may be in a better state.
                case .serverFailure, .notImplemented, .refused: excuse = answer
                default: return done(answer)
                }
            }
            start(done)
        }.start()
    }
}
