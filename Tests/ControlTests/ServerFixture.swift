import ControlAPI
import ControlClient
import ControlServer
import Core
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle

/// A control server on a temporary socket, while a test runs.
struct ServerFixture {
    let socket: String
    let client: ControlClient
    let group: ServiceGroup

    var exchange: HTTPExchange { HTTPExchange(.unixSocket(path: socket)) }

    /// Any request, and the status and body of its answer.
    func raw(
        _ method: String, _ target: String, body: String? = nil, headers: [(String, String)] = []
    ) async throws -> (status: Int, body: String) {
        let content: OutgoingRequest.Body = body.map { .bytes(ByteBuffer(string: $0)) } ?? .none
        let request = OutgoingRequest(method, target, headers: headers, body: content)
        return try await exchange.perform(request, headTimeout: .seconds(10)) { head, chunks in
            let body = try await chunks.collect(limit: 16 << 20)
            return (Int(head.status.code), String(buffer: body))
        }
    }

    static func with<Result>(
        _ backend: FakeBackend = FakeBackend(), idleTimeout: Duration = Limits.controlIdleTimeout,
        _ body: (ServerFixture) async throws -> Result
    ) async throws -> Result {
        let directory = NSTemporaryDirectory() + "torpor-" + UUID().uuidString.prefix(8)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let socket = directory + "/run/torpor.sock"
        let (started, starter) = AsyncStream<Void>.makeStream()
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let server = ControlServer(
            backend: backend, socket: ControlSocket(path: socket), logger: logger,
            idleTimeout: idleTimeout, serving: { starter.finish() })
        let group = ServiceGroup(services: [server], logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { starter.finish() }
                try await group.run()
            }
            for await _ in started {}
            let result = try await body(
                ServerFixture(socket: socket, client: ControlClient(socket: socket), group: group))
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return result
        }
    }
}
