internal import Core
package import Logging
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// What functions ask for names, at the bridge's address: answers the platform's own, and asks the host's servers for the
/// rest. It has an event loop of its own, so that no flood of queries is felt by requests.
///
///     let names = NameService(configuration, logger: …)
///     try await names.start()
///     try await names.run()             // until shutdown, or throws when a listener dies
package final class NameService: Sendable {
    private let configuration: NameServiceConfiguration
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let files = NIOThreadPool(numberOfThreads: 1)
    private let desk: QueryDesk
    private let listeners = Mutex<[any Channel]>([])
    private let isEnding = Atomic<Bool>(false)
    /// Says of each listener why it has ended.
    private let (ends, ending) = AsyncStream.makeStream(of: NameServiceError.self)
    private let logger: Logger

    package init(_ configuration: NameServiceConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        desk = QueryDesk(configuration, eventLoop: group.next(), files: files)
    }

    /// Begins to listen by UDP and by TCP, or by neither; then it has ended.
    /// - Returns: the port that was taken for port 0.
    package func start() async throws(NameServiceError) -> Int {
        do {
            files.start()
            let datagrams = try await bindDatagrams()
            watch(datagrams)
            let port = datagrams.localAddress?.port ?? configuration.port
            watch(try await bindStreams(port))
            logger.info("names are answered", metadata: ["address": "\(configuration.address):\(port)"])
            return port
        } catch {
            await shutdown()
            throw .cannotListen("\(configuration.address):\(configuration.port)", reason: "\(error)")
        }
    }

    private func bindDatagrams() async throws -> any Channel {
        let desk = desk
        return try await DatagramBootstrap(group: desk.eventLoop)
            .channelOption(
                .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Limits.nameQueryBytes + 1)
            )
            // The kernel gives what net.core.rmem_max allows: room for the bursts of some functions.
            .channelOption(.socketOption(.so_rcvbuf), value: 1 << 20)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(DatagramListener(desk))
                }
            }
            .bind(to: SocketAddress(ipAddress: configuration.address, port: configuration.port)).get()
    }

    private func bindStreams(_ port: Int) async throws -> any Channel {
        let desk = desk
        return try await ServerBootstrap(group: desk.eventLoop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { channel in Self.accept(channel, desk) }
            .bind(to: SocketAddress(ipAddress: configuration.address, port: port)).get()
    }

    private static func accept(_ channel: any Channel, _ desk: QueryDesk) -> EventLoopFuture<Void> {
        guard let source = IPv4Address(channel.remoteAddress), desk.enterStream(from: source) else {
            return channel.close()
        }
        channel.closeFuture.whenComplete { _ in desk.leaveStream(from: source) }
        return channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(StreamClient(desk, source))
        }
    }

    /// Returns after `shutdown`.
    /// - Throws: `listenerDied` when a listener ends otherwise; the daemon must not live on without it.
    package func run() async throws(NameServiceError) {
        for await end in ends where !isEnding.load(ordering: .acquiring) { throw end }
    }

    private func watch(_ channel: any Channel) {
        listeners.withLock { $0.append(channel) }
        let address = channel.localAddress.map { "\($0)" } ?? "?"
        channel.closeFuture.whenComplete { [ending] result in
            var reason = "the socket was closed"
            if case .failure(let error) = result { reason = "\(error)" }
            ending.yield(.listenerDied(address, reason: reason))
        }
    }

    /// Cuts what is under way: whoever asks does so again, elsewhere. Only the first call does.
    package func shutdown() async {
        guard !isEnding.exchange(true, ordering: .acquiringAndReleasing) else { return }
        for channel in listeners.withLock({ $0 }) { try? await channel.close() }
        do {
            try await group.shutdownGracefully()
            try await files.shutdownGracefully()
        } catch {
            logger.error("the name service did not end", metadata: ["error": "\(error)"])
        }
        ending.finish()
    }
}
