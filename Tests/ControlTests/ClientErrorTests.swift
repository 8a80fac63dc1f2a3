import ControlClient
import Foundation
import NIOCore
import NIOPosix
import Testing

@Suite(.timeLimit(.minutes(1))) struct ClientErrorTests {
    /// A server of a few lines: answers every connection with some bytes and closes it, or says nothing.
    private func answering(_ bytes: String?, _ body: (ControlClient, Endpoint) async throws -> Void)
        async throws
    {
        let path = NSTemporaryDirectory() + "torpor-" + UUID().uuidString.prefix(8) + ".sock"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                guard let bytes else { return channel.eventLoop.makeSucceededVoidFuture() }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Answer(bytes))
                }
            }.bind(unixDomainSocketPath: path).get()
        try await body(ControlClient(socket: path), .unixSocket(path: path))
        try await server.close()
    }

    @Test func aSocketThatIsNotThereMeansNotRunning() async throws {
        let path = "/nonexistent/torpor.sock"
        let error = ClientError.notRunning(.unixSocket(path: path))
        await #expect(throws: error) { try await ControlClient(socket: path).systemInfo() }
        #expect(error.description.contains("sudo systemctl start torpord"))
    }

    @Test func aSocketWithoutListenerMeansNotRunning() async throws {
        let path = NSTemporaryDirectory() + "torpor-" + UUID().uuidString.prefix(8) + ".sock"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(unixDomainSocketPath: path).get()
        try await server.close()
        await #expect(throws: ClientError.notRunning(.unixSocket(path: path))) {
            try await ControlClient(socket: path).systemInfo()
        }
    }

    @Test func whoMayNotIsToldHowToJoin() {
        let text = ClientError.notPermitted(.unixSocket(path: "/run/torpor/torpor.sock")).description
        #expect(text.contains("sudo usermod -aG torpor $USER") && text.contains("log in again"))
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "HTTP/1.1 200 OK\r\n"])
    func anAnswerThatEndsEarlyIsAnError(answer: String) async throws {
        try await answering(answer) { client, endpoint in
            do {
                _ = try await client.systemInfo()
                Issue.record("an incomplete answer was taken")
            } catch {
                #expect(error as? ClientError == .closedEarly(endpoint), "\(error)")
                #expect("\(error)".hasPrefix("torpord went away before its answer was complete"))
            }
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", "HTTP/1.1 500 X\r\nContent-Length: 2\r\n\r\nhi",
    ])
    func whatIsNoTorporIsNotUnderstood(answer: String) async throws {
        try await answering(answer) { client, endpoint in
            do {
                _ = try await client.systemInfo()
                Issue.record("nonsense was taken")
            } catch ClientError.notUnderstood(let place, _) {
                #expect(place == endpoint)
            }
        }
    }

    /// A daemon that is older or newer: what it does not know, or says otherwise, has a reason that is told.
    @Test(arguments: [
        ("9.9.9", "422 X", #"{"error":{"kind":"invalid","message":"is unknown","path":"spec.later"}}"#, true),
        ("0.0.1", "200 OK", #"{"version":"0.0.1"}"#, true),
        ("9.9.9", "500 X", "hi", true),
        ("0.0.1", "404 X", #"{"error":{"kind":"notFound","message":"there is no function 'x'"}}"#, false),
        ("0.1.0", "200 OK", "{}", false),
    ])
    func anotherVersionIsTold(version: String, status: String, body: String, isTold: Bool) async throws {
        let head =
            "HTTP/1.1 \(status)\r\nServer: torpord/\(version)\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
        try await answering(head + body) { client, _ in
            let error = await #expect(throws: ClientError.self) { try await client.systemInfo() }
            let text = error?.description ?? ""
            #expect(text.contains("the daemon is Torpor \(version)") == isTold, "\(text)")
            if isTold { #expect(text.contains("systemctl restart torpord"), "\(text)") }
        }
    }

    @Test func aServerThatSaysNothingTimesOut() async throws {
        try await answering(nil) { _, endpoint in
            let request = OutgoingRequest("GET", "/")
            await #expect(throws: ClientError.timedOut(endpoint, after: .milliseconds(100))) {
                try await HTTPExchange(endpoint).perform(request, headTimeout: .milliseconds(100)) { _, _ in }
            }
        }
    }
}

private final class Answer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let bytes: String
    init(_ bytes: String) { self.bytes = bytes }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let channel = context.channel
        channel.writeAndFlush(ByteBuffer(string: bytes)).whenComplete { _ in channel.close(promise: nil) }
    }
}
