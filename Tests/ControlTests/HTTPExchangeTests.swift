import ControlClient
import Core
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

/// The client against a server that answers when it likes.
@Suite(.timeLimit(.minutes(1)))
struct HTTPExchangeTests {
    private struct SourceError: Error {}

    /// Answers 200 with `ok` after the request's head and `delay`, and reads nothing of its body.
    private final class EarlyAnswer: ChannelInboundHandler, Sendable {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart
        let delay: TimeAmount?

        init(_ delay: TimeAmount?) { self.delay = delay }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .head = unwrapInboundIn(data), let delay else { return }
            let channel = context.channel
            context.eventLoop.scheduleTask(in: delay) {
                let head = HTTPResponseHead(
                    version: .http1_1, status: .ok, headers: ["Content-Length": "2"])
                channel.write(HTTPServerResponsePart.head(head), promise: nil)
                channel.write(
                    HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: "ok"))), promise: nil)
                channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
            }
        }
    }

    /// - Parameter delay: nil never answers.
    private static func withServer(
        answeringAfter delay: TimeAmount?, _ body: (String) async throws -> Void
    ) async throws {
        let path = "/tmp/torpor-exchange-\(UInt64.random(in: 0 ... .max)).sock"
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(EarlyAnswer(delay))
                }
            }
            .bind(unixDomainSocketPath: path).get()
        let result: Result<Void, any Error>
        do { result = .success(try await body(path)) } catch { result = .failure(error) }
        try await server.close()
        unlink(path)
        try result.get()
    }

    /// As a terminal that nobody types on, or a pipe whose writer lives on: a read of it can't be cancelled.
    @Test func anAnswerDoesNotWaitForTheBodysSource() async throws {
        let isReleased = Atomic<Bool>(false)
        let body: OutgoingRequest.Body = .stream {
            try await NIOThreadPool.singleton.runIfActive {
                for _ in 0..<500 where !isReleased.load(ordering: .acquiring) { usleep(10_000) }
                return nil
            }
        }
        try await Self.withServer(answeringAfter: .zero) { path in
            let began = ContinuousClock.now
            let exchange = HTTPExchange(.unixSocket(path: path))
            let request = OutgoingRequest("POST", "/", body: body)
            let text = try await exchange.perform(request, headTimeout: nil) { _, chunks in
                String(buffer: try await chunks.collect(limit: 100))
            }
            #expect(text == "ok")
            #expect(ContinuousClock.now - began < .seconds(3))
            isReleased.store(true, ordering: .releasing)
        }
    }

    @Test func aBodyThatCannotBeReadEndsTheRequest() async throws {
        try await Self.withServer(answeringAfter: nil) { path in
            let exchange = HTTPExchange(.unixSocket(path: path))
            let request = OutgoingRequest("POST", "/", body: .stream { throw SourceError() })
            await #expect(throws: SourceError.self) {
                try await exchange.perform(request, headTimeout: .seconds(10)) { _, _ in }
            }
        }
    }

    /// A removal waits behind a deployment for as long as that takes.
    @Test func removalsHaveNoTimeLimit() async throws {
        try await Self.withServer(answeringAfter: .milliseconds(600)) { path in
            let client = ControlClient(socket: path, shortTimeout: .milliseconds(100))
            let key = try FunctionKey(name: "hello")
            try await client.remove(key)
            await #expect(throws: ClientError.timedOut(client.endpoint, after: .milliseconds(100))) {
                _ = try await client.describe(key)
            }
        }
    }
}
