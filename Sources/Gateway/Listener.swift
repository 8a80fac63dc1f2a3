internal import Glibc
internal import HTTPWire
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// The listening socket. One loop accepts and hands connections to all in turn, which spreads few long connections
/// better than SO_REUSEPORT's hash does. When descriptors run out, NIO's bootstrap pauses accepting for a second.
final class Listener: Sendable {
    private let loops: [GatewayLoop]
    private let group: MultiThreadedEventLoopGroup
    private let limits: GatewayLimits
    private let channel = Mutex<(any Channel)?>(nil)
    private let isClosing = Atomic<Bool>(false)

    init(loops: [GatewayLoop], group: MultiThreadedEventLoopGroup, limits: GatewayLimits) {
        self.loops = loops
        self.group = group
        self.limits = limits
    }

    func bind(host: String, port: Int) async throws(GatewayError) -> (host: String, port: Int) {
        let loops = loops
        let limit = limits.clientConnections
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { Self.accept($0, loops, limit) }
        let text = "\(host):\(port)"
        let bound: any Channel
        do {
            let address = try SocketAddress(ipAddress: host, port: port)
            bound = try await bootstrap.bind(to: address).get()
        } catch {
            throw Self.describe(error, text)
        }
        channel.withLock { $0 = bound }
        return (host, bound.localAddress?.port ?? port)
    }

    func wait() async throws(GatewayError) {
        guard let channel = channel.withLock({ $0 }) else { return }
        var reason = "the socket was closed"
        do {
            try await channel.closeFuture.get()
        } catch {
            reason = "\(error)"
        }
        if isClosing.load(ordering: .acquiring) { return }
        throw .listenerDied("\(channel.localAddress.map { "\($0)" } ?? "?")", reason: reason)
    }

    func close() async {
        isClosing.store(true, ordering: .releasing)
        guard let channel = channel.withLock({ $0 }) else { return }
        // An error here says that it is closed already.
        try? await channel.close().get()
    }

    private static func accept(_ channel: any Channel, _ loops: [GatewayLoop], _ limit: Int)
        -> EventLoopFuture<Void>
    {
        guard let loop = loops.first(where: { $0.eventLoop === channel.eventLoop }),
            loop.connections.enter(limit: limit)
        else {
            return channel.close()
        }
        return channel.eventLoop.makeCompletedFuture {
            let address = channel.remoteAddress?.ipAddress ?? "unknown"
            let exchange = ClientExchange(loop: loop, origin: ClientOrigin(address: address))
            let transport = NIOTransport(events: exchange)
            exchange.attach(transport)
            try channel.pipeline.syncOperations.addHandler(transport)
        }
    }

    private static func describe(_ error: any Error, _ address: String) -> GatewayError {
        switch (error as? IOError)?.errnoCode {
        case EADDRINUSE: .addressInUse(address)
        case EACCES, EPERM: .notPermitted(address)
        case EADDRNOTAVAIL: .addressNotAvailable(address)
        default: .cannotListen(address, reason: "\(error)")
        }
    }
}
