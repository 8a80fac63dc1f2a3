internal import Core
internal import Glibc
internal import HTTPWire
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// The listening socket. One loop accepts and hands connections to all in turn, which spreads few long connections
/// better than SO_REUSEPORT's hash does. When descriptors run out, NIO's bootstrap pauses accepting for a second.
final class Listener: Sendable {
    private let point: ListenPoint
    private let loops: [GatewayLoop]
    private let group: MultiThreadedEventLoopGroup
    private let limits: GatewayLimits
    /// Nil where nothing of what comes to it comes to this point.
    private let functionAddress: String?
    private let channel = Mutex<(any Channel)?>(nil)
    private let tally = Mutex<AcceptTally?>(nil)
    private let isClosing = Atomic<Bool>(false)

    /// - Parameter functionAddress: where functions alone are served (`GatewayConfiguration`).
    init(
        point: ListenPoint, loops: [GatewayLoop], group: MultiThreadedEventLoopGroup, limits: GatewayLimits,
        functionAddress: String?
    ) {
        self.point = point
        self.loops = loops
        self.group = group
        self.limits = limits
        switch point.source {
        case .address(let host, _):
            self.functionAddress = ["0.0.0.0", "::", functionAddress].contains(host) ? functionAddress : nil
        case .inherited: self.functionAddress = functionAddress
        }
    }

    var role: ListenPoint.Role { point.role }

    /// Where it listens.
    var port: Int? { channel.withLock { $0?.localAddress?.port } }

    /// Whether what comes to an IPv4 address of this host comes here.
    func has(_ address: String) async -> Bool {
        guard let channel = channel.withLock({ $0 }) else { return false }
        switch channel.localAddress?.ipAddress {
        case "0.0.0.0", address, "::ffff:\(address)": return true
        case "::":
            let alone = ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only)
            return (try? await channel.getOption(alone).get()) == 0
        default: return false
        }
    }

    func listen() async throws(GatewayError) -> (host: String, port: Int) {
        let loops = loops
        let (limits, role, functionAddress) = (limits, point.role, functionAddress)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: Limits.backlog)
            .serverChannelOption(.autoRead, value: false)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { Self.accept($0, loops, limits, role, functionAddress) }
        let bound: any Channel
        do {
            switch point.source {
            case .address(let host, let port):
                let address = try SocketAddress(ipAddress: host, port: port)
                bound = try await bootstrap.bind(to: address).get()
            case .inherited(let descriptor):
                // NIO closes what it is given, and the daemon may begin anew in this process.
                let own = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
                guard own >= 0 else { throw IOError(errnoCode: errno, reason: "dup") }
                bound = try await bootstrap.withBoundSocket(own).get()
                // NIO has listened anew with a backlog of its own.
                _ = Glibc.listen(descriptor, Limits.backlog)
            }
            try await begin(bound)
        } catch {
            throw Self.describe(error, address)
        }
        return (bound.localAddress?.ipAddress ?? "?", bound.localAddress?.port ?? 0)
    }

    /// Begins to accept, with every connection counted.
    private func begin(_ bound: any Channel) async throws {
        channel.withLock { $0 = bound }
        let tally = try await bound.eventLoop.submit {
            let (tally, first, last) = AcceptTally.handlers()
            try bound.pipeline.syncOperations.addHandler(first, position: .first)
            try bound.pipeline.syncOperations.addHandler(last, position: .last)
            return tally
        }.get()
        self.tally.withLock { $0 = tally }
        try await bound.setOption(.autoRead, value: true).get()
    }

    private var address: String {
        switch point.source {
        case .address(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .inherited(let descriptor): "the socket that was passed as descriptor \(descriptor)"
        }
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
        if let tally = tally.withLock({ $0 }) {
            // Errors here say that it is closed already.
            try? await channel.setOption(.autoRead, value: false).get()
            channel.eventLoop.execute { tally.close(channel) }
            try? await channel.closeFuture.get()
        } else {
            try? await channel.close().get()
        }
    }

    private static func came(to functionAddress: String?, _ channel: any Channel) -> Bool {
        guard let functionAddress, let address = channel.localAddress?.ipAddress else { return false }
        return address == functionAddress || address == "::ffff:\(functionAddress)"
    }

    /// - Parameter functionAddress: where functions alone are served.
    private static func accept(
        _ channel: any Channel, _ loops: [GatewayLoop], _ limits: GatewayLimits, _ role: ListenPoint.Role,
        _ functionAddress: String?
    ) -> EventLoopFuture<Void> {
        let isFunction = came(to: functionAddress, channel)
        guard let loop = loops.first(where: { $0.eventLoop === channel.eventLoop }),
            loop.connections.enter(isFunction: isFunction, limits: limits)
        else {
            return channel.close()
        }
        return channel.eventLoop.makeCompletedFuture {
            let address = channel.remoteAddress?.ipAddress ?? "unknown"
            let exchange = ClientExchange(
                loop: loop, origin: ClientOrigin(address: address),
                role: isFunction && role == .all ? .functions : role, isFunction: isFunction)
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
