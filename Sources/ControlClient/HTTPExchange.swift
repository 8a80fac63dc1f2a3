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
    private let dial: (@Sendable () throws -> Int32)?

    /// - Parameter dial: makes the connection to an endpoint that is `dialled`.
    package init(_ endpoint: Endpoint, dial: (@Sendable () throws -> Int32)? = nil) {
        self.endpoint = endpoint
        self.dial = dial
    }

    /// - Parameters:
    ///   - headTimeout: time from the connection to the response's head; nil is none.
    ///   - receive: gets the head and reads the body, chunk by chunk.
    /// - Throws: `ClientError`, or what `receive` or the body's source throws.
    package func perform<Value: Sendable>(
        _ request: OutgoingRequest, headTimeout: Duration?,
        _ receive: @Sendable (HTTPResponseHead, inout ResponseChunks) async throws -> Value
    ) async throws -> Value {
        do {
            let channel = try await connect()
            return try await channel.executeThenClose { inbound, outbound in
                let watch = HeadWatch(channel.channel, timeout: headTimeout)
                return try await exchange(request, channel.channel, watch, inbound, outbound, receive)
            }
        } catch let error as ReceiverError {
            throw error.underlying
        } catch {
            throw ClientError.mapping(error, at: endpoint)
        }
    }

    private func exchange<Value: Sendable>(
        _ request: OutgoingRequest, _ channel: any Channel, _ watch: HeadWatch, _ inbound: Inbound,
        _ outbound: Outbound,
        _ receive: @Sendable (HTTPResponseHead, inout ResponseChunks) async throws -> Value
    ) async throws -> Value {
        // A server may answer before it has read everything, so that sending must not hold up receiving. Nor may it
        // once the answer is there: a body's source may block for ever, and then knows nothing of cancellation. So
        // the sender is a task of its own, cancelled here and not awaited; the channel's end is the end of it too.
        let source = BodySource(request.body, channel)
        let sender = Task { try await send(request, source, outbound) }
        defer { sender.cancel() }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await watch.run() }
            defer { group.cancelAll() }
            var chunks = ResponseChunks(inbound.makeAsyncIterator(), endpoint)
            let head: HTTPResponseHead
            do {
                head = try await chunks.head()
            } catch {
                if let failure = source.failure { throw ReceiverError(underlying: failure) }
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

    private func send(_ request: OutgoingRequest, _ source: BodySource, _ outbound: Outbound) async throws {
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
        case .stream:
            head.headers.replaceOrAdd(name: "Transfer-Encoding", value: "chunked")
            try await outbound.write(.head(head))
            while let chunk = try await source.next() { try await outbound.write(.body(.byteBuffer(chunk))) }
        }
        try await outbound.write(.end(nil))
    }

    private var hostHeader: String {
        switch endpoint {
        case .unixSocket, .dialled: "torpor"
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
            case .dialled:
                guard let dial else { throw ClientError.failed(endpoint, "nobody makes its connections") }
                return try await bootstrap.withConnectedSocket(dial()) { Self.setUp($0) }
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

/// What the receiver or the body's source threw, which is its caller's business and is not translated.
private struct ReceiverError: Error {
    let underlying: any Error
}

/// The chunks of a body; when there are no more for a reason of its own, the connection ends, as nobody would answer.
private final class BodySource: Sendable {
    private let body: OutgoingRequest.Body
    private let channel: any Channel
    private let reason = Mutex<(any Error)?>(nil)

    init(_ body: OutgoingRequest.Body, _ channel: any Channel) {
        self.body = body
        self.channel = channel
    }

    var failure: (any Error)? { reason.withLock { $0 } }

    func next() async throws -> ByteBuffer? {
        guard case .stream(let read) = body else { return nil }
        do {
            return try await read()
        } catch {
            reason.withLock { $0 = error }
            channel.close(promise: nil)
            throw error
        }
    }
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
