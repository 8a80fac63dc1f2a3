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
///     await names.run()                 // until shutdown
package final class NameService: Sendable {
    private let configuration: NameServiceConfiguration
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let files = NIOThreadPool(numberOfThreads: 1)
    private let desk: QueryDesk
    private let listeners = Mutex<[any Channel]>([])
    private let isEnding = Atomic<Bool>(false)
    private let port = Atomic<Int>(0)
    private static let pause = Duration.milliseconds(200)
    private enum Transport: String { case datagrams, streams }
    /// Says of each listener why it has ended.
    private let (ends, ending) = AsyncStream.makeStream(of: (Transport, String).self)
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
            watch(datagrams, .datagrams)
            let port = datagrams.localAddress?.port ?? configuration.port
            watch(try await bindStreams(port), .streams)
            logger.info("names are answered", metadata: ["address": "\(configuration.address):\(port)"])
            return port
        } catch {
            await shutdown()
            throw .cannotListen("\(configuration.address):\(configuration.port)", reason: "\(error)")
        }
    }

    private func bindDatagrams(_ port: Int? = nil) async throws -> any Channel {
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
            .bind(to: SocketAddress(ipAddress: configuration.address, port: port ?? configuration.port)).get()
    }

    private func bindStreams(_ port: Int) async throws -> any Channel {
        let desk = desk
        return try await ServerBootstrap(group: desk.eventLoop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            // A query or so at a time: whoever has sent many waits for its answers, not others for theirs.
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(
                .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Limits.nameQueryBytes + 2)
            )
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

    /// Returns after `shutdown`. A listener that dies meanwhile (a packet that the host's firewall forbids to send ends one,
    /// too) is made again.
    package func run() async {
        for await (transport, reason) in ends where !isEnding.load(ordering: .acquiring) {
            logger.error(
                "names are not answered", metadata: ["over": "\(transport)", "reason": "\(reason)"])
            await listenAgain(transport)
        }
    }

    private func listenAgain(_ transport: Transport) async {
        let port = self.port.load(ordering: .acquiring)
        while !isEnding.load(ordering: .acquiring) {
            do {
                try await Task.sleep(for: Self.pause)
                let channel =
                    transport == .datagrams ? try await bindDatagrams(port) : try await bindStreams(port)
                watch(channel, transport)
                logger.notice("names are answered again", metadata: ["over": "\(transport)"])
                return
            } catch { if error is CancellationError { return } }
        }
    }

    private func watch(_ channel: any Channel, _ transport: Transport) {
        if let port = channel.localAddress?.port { self.port.store(port, ordering: .releasing) }
        listeners.withLock { $0 = $0.filter(\.isActive) + [channel] }
        channel.closeFuture.whenComplete { [ending] result in
            var reason = "the socket was closed"
            if case .failure(let error) = result { reason = "\(error)" }
            ending.yield((transport, reason))
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
