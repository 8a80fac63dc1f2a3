package import NIOCore
package import NIOHTTP1
internal import NIOPosix
internal import Synchronization

/// What to send.
package struct OutgoingRequest: Sendable {
    package enum Body: Sendable {
        case none
        case bytes(ByteBuffer)
        /// Called until it returns nil; sent chunked, as fast as the other side reads.
        case stream(@Sendable () async throws -> ByteBuffer?)
    }

    package var method: String
    /// Path and query.
    package var target: String
    package var headers: [(String, String)]
    package var body: Body

    package init(_ method: String, _ target: String, headers: [(String, String)] = [], body: Body = .none) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
    }
}

/// One HTTP/1.1 request on a connection of its own, over TCP or a unix socket. Neither body is ever held as a
/// whole.
package struct HTTPExchange: Sendable {
    package typealias Inbound = NIOAsyncChannelInboundStream<HTTPClientResponsePart>
    typealias Outbound = NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>

    package let endpoint: Endpoint
    /// Time for the connection to be made.
    package var connectTimeout = Duration.seconds(5)

    package init(_ endpoint: Endpoint) { self.endpoint = endpoint }

    /// - Parameters:
    ///   - headTimeout: time from the connection to the response's head; nil is none.
    ///   - receive: gets the head and reads the body, chunk by chunk.
    /// - Throws: `ClientError`, or what `receive` throws.
    package func perform<Value: Sendable>(
        _ request: OutgoingRequest, headTimeout: Duration?,
        _ receive: @Sendable (HTTPResponseHead, inout ResponseChunks) async throws -> Value
    ) async throws -> Value {
        do {
            let channel = try await connect()
            return try await channel.executeThenClose { inbound, outbound in
                let watch = HeadWatch(channel.channel, timeout: headTimeout)
                return try await exchange(request, watch, inbound, outbound, receive)
            }
        } catch let error as ReceiverError {
            throw error.underlying
        } catch {
            throw ClientError.mapping(error, at: endpoint)
        }
    }

    private func exchange<Value: Sendable>(
        _ request: OutgoingRequest, _ watch: HeadWatch, _ inbound: Inbound, _ outbound: Outbound,
        _ receive: @Sendable (HTTPResponseHead, inout ResponseChunks) async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Void.self) { group in
            // A server may answer before it has read everything, so that sending must not hold up receiving.
            group.addTask { try await send(request, outbound) }
            group.addTask { try await watch.run() }
            defer { group.cancelAll() }
            var chunks = ResponseChunks(inbound.makeAsyncIterator(), endpoint)
            let head: HTTPResponseHead
            do {
                head = try await chunks.head()
            } catch {
                if watch.expired, let time = watch.timeout {
                    throw ClientError.timedOut(endpoint, after: time)
                }
                throw error
            }
            watch.arrived()
            do {
                return try await receive(head, &chunks)
            } catch let error as ClientError {
                throw error
            } catch {
                throw ReceiverError(underlying: error)
            }
        }
    }

    private func send(_ request: OutgoingRequest, _ outbound: Outbound) async throws {
        var head = HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: request.method), uri: request.target)
        for (name, value) in request.headers { head.headers.add(name: name, value: value) }
        if !head.headers.contains(name: "Host") { head.headers.add(name: "Host", value: hostHeader) }
        head.headers.replaceOrAdd(name: "Connection", value: "close")
        switch request.body {
        case .none:
            try await outbound.write(.head(head))
        case .bytes(let bytes):
            head.headers.replaceOrAdd(name: "Content-Length", value: String(bytes.readableBytes))
            try await outbound.write(.head(head))
            try await outbound.write(.body(.byteBuffer(bytes)))
        case .stream(let next):
            head.headers.replaceOrAdd(name: "Transfer-Encoding", value: "chunked")
            try await outbound.write(.head(head))
            while let chunk = try await next() { try await outbound.write(.body(.byteBuffer(chunk))) }
        }
        try await outbound.write(.end(nil))
    }

    private var hostHeader: String {
        switch endpoint {
        case .unixSocket: "torpor"
        case .tcp: endpoint.description
        }
    }

    private func connect() async throws -> NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart> {
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.nanoseconds(connectTimeout.components.seconds * 1_000_000_000))
            .channelOption(ChannelOptions.allowRemoteHalfClosure, value: false)
        do {
            switch endpoint {
            case .unixSocket(let path):
                return try await bootstrap.connect(unixDomainSocketPath: path) { Self.setUp($0) }
            case .tcp(let host, let port):
                return try await bootstrap.connect(host: host, port: port) { Self.setUp($0) }
            }
        } catch let error as NIOConnectionError {
            let code = error.connectionErrors.lazy.compactMap { ($0.error as? IOError)?.errnoCode }.first
            guard let code else { throw ClientError.failed(endpoint, "\(error)") }
            throw ClientError.connecting(to: endpoint, code: code)
        } catch is ChannelError {
            throw ClientError.timedOut(endpoint, after: connectTimeout)
        }
    }

    private static func setUp(
        _ channel: any Channel
    ) -> EventLoopFuture<NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>> {
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHTTPClientHandlers(leftOverBytesStrategy: .dropBytes)
            return try NIOAsyncChannel(wrappingChannelSynchronously: channel)
        }
    }
}

/// What the receiver threw, which is its caller's business and is not translated.
private struct ReceiverError: Error {
    let underlying: any Error
}

/// Closes the connection when the response's head is not there in time.
private final class HeadWatch: Sendable {
    private enum State { case waiting, arrived, expired }

    let timeout: Duration?
    private let channel: any Channel
    private let state = Mutex(State.waiting)

    init(_ channel: any Channel, timeout: Duration?) {
        self.channel = channel
        self.timeout = timeout
    }

    var expired: Bool { state.withLock { $0 == .expired } }
    func arrived() { state.withLock { $0 = .arrived } }

    func run() async throws {
        guard let timeout else { return }
        try await Task.sleep(for: timeout)
        let late = state.withLock { state in
            if state == .waiting { state = .expired }
            return state == .expired
        }
        if late { channel.close(promise: nil) }
    }
}
