internal import Core
internal import NIOCore
internal import NIOPosix

/// Decides what becomes of each query, and counts who has how many.
///
/// Nothing is kept of what servers answer: the host's own resolver does that mostly, and what one function has asked would
/// be another's to find out, or to forge.
///
// SAFETY: every stored property that varies is touched on `eventLoop` alone.
final class QueryDesk: @unchecked Sendable {
    let eventLoop: any EventLoop
    private let configuration: NameServiceConfiguration
    private let files: NIOThreadPool
    private var queries: Quota
    private var streams: Quota

    private var servers: NameServers?
    private var freshUntil = NIODeadline.uptimeNanoseconds(0)
    private var order = ServerOrder()
    private var waiting: [(NameServers) -> Void] = []

    /// - Parameter files: its threads read the host's configuration.
    init(_ configuration: NameServiceConfiguration, eventLoop: any EventLoop, files: NIOThreadPool) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.files = files
        queries = Quota(ofAll: configuration.limits.queries, ofOne: configuration.limits.queriesOfOne)
        streams = Quota(ofAll: configuration.limits.streams, ofOne: configuration.limits.streamsOfOne)
    }

    /// Answers a message, now or later, once.
    /// - Parameters:
    ///   - isStream: whether it came by TCP, and so is asked by TCP: who has a datagram's answer cut off asks that way.
    ///   - reply: is given nil where nothing is answered.
    func take(
        _ message: [UInt8], from source: IPv4Address, isStream: Bool, reply: @escaping ([UInt8]?) -> Void
    ) {
        guard let permission = configuration.permission(source) else { return reply(nil) }
        switch DNSQuery.read(message) {
        case .noise: reply(nil)
        case .refused(let refusal): refuse(refusal, reply)
        case .query(let query):
            if let own = configuration.ownNames.reply(to: query) {
                configuration.counters.count(.own)
                return reply(own)
            }
            guard permission == .all else { return refuse(query.reply(.refused), reply) }
            guard queries.enter(source) else { return refuse(query.reply(.serverFailure), reply) }
            withServers { [self] servers in
                forward(query, to: servers, isStream: isStream) { [self] answer in
                    queries.leave(source)
                    configuration.counters.count(answer == nil ? .failed : .forwarded)
                    reply(answer ?? query.reply(.serverFailure))
                }
            }
        }
    }

    private func refuse(_ refusal: [UInt8], _ reply: ([UInt8]?) -> Void) {
        configuration.counters.count(.refused)
        reply(refusal)
    }

    private func forward(
        _ query: DNSQuery, to servers: NameServers, isStream: Bool, done: @escaping ([UInt8]?) -> Void
    ) {
        let relay = Relay(
            query, isStream: isStream, servers: order.order(servers.servers, now: .now()),
            timeout: servers.timeout, eventLoop: eventLoop
        ) { [self] server, answered in
            order.note(server, answered: answered, now: .now())
        }
        relay.start(done)
    }

    /// Looks at the host's configuration again when what is known of it is old.
    private func withServers(_ body: @escaping (NameServers) -> Void) {
        if let servers, NIODeadline.now() < freshUntil { return body(servers) }
        waiting.append(body)
        guard waiting.count == 1 else { return }
        files.runIfActive(eventLoop: eventLoop, configuration.servers).whenComplete { [self] result in
            // At the end of the daemon nobody reads any more.
            let servers = (try? result.get()) ?? NameServers([], timeout: .zero)
            self.servers = servers
            order.keep(servers.servers)
            freshUntil = .now() + TimeAmount(configuration.limits.serverAge)
            let bodies = waiting
            waiting = []
            for body in bodies { body(servers) }
        }
    }

    // MARK: TCP

    /// False when there are as many connections as there may be, or it comes from nobody who may ask.
    func enterStream(from source: IPv4Address) -> Bool {
        configuration.permission(source) != nil && streams.enter(source)
    }

    func leaveStream(from source: IPv4Address) { streams.leave(source) }

    var streamIdle: TimeAmount { TimeAmount(configuration.limits.streamIdle) }
}

extension IPv4Address {
    /// Nil for any other family.
    init?(_ address: SocketAddress?) {
        guard case .v4 = address, let text = address?.ipAddress else { return nil }
        self.init(text)
    }
}
