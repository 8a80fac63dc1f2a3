import ControlAPI
import ControlClient
import Core
import Foundation
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(2))) struct LogStreamTests {
    private static func line(_ number: Int, _ text: String = "line") -> LogLine {
        guard let id = InstanceID("0123456789ab") else { preconditionFailure("twelve digits") }
        return LogLine(
            at: Timestamp(unixNanoseconds: 1_700_000_000_000_000_000 + Int64(number)), instance: id,
            stream: number % 2 == 0 ? .stdout : .stderr, text: "\(text) \(number) \"é\"\t\\")
    }

    private func deploy(_ server: ServerFixture) async throws -> FunctionKey {
        let key = try FunctionKey(name: "hello")
        _ = try await server.client.deploy(
            DeployRequest(key: key, source: .bundle(path: "/b"), spec: FunctionSpec()))
        return key
    }

    @Test func linesArriveInOrderAndUnchanged() async throws {
        let lines = (0..<5000).map { Self.line($0) }
        let backend = FakeBackend { _ in
            AsyncThrowingStream { continuation in
                for line in lines { continuation.yield(line) }
                continuation.finish()
            }
        }
        try await ServerFixture.with(backend) { server in
            let key = try await deploy(server)
            let query = LogQuery(
                instance: InstanceID("0123456789ab"), tail: 7, since: Timestamp(unixSeconds: 12),
                follow: false)
            let received = Mutex<[LogLine]>([])
            try await server.client.logs(key, query) { line in received.withLock { $0.append(line) } }
            #expect(received.withLock { $0 } == lines)
            #expect(backend.queries.withLock { $0 } == [query])
        }
    }

    @Test func aFollowedLogArrivesLineByLineAndEndsWithItsReader() async throws {
        let ended = Mutex(false)
        let (stream, continuation) = AsyncThrowingStream<LogLine, any Error>.makeStream()
        continuation.onTermination = { _ in ended.withLock { $0 = true } }
        let backend = FakeBackend { _ in stream }
        try await ServerFixture.with(backend) { server in
            let key = try await deploy(server)
            continuation.yield(Self.line(1))
            let (first, arrival) = AsyncStream<Void>.makeStream()
            let reader = Task {
                try await server.client.logs(key, LogQuery(follow: true)) { _ in arrival.finish() }
            }
            for await _ in first {}
            #expect(!ended.withLock { $0 })
            reader.cancel()
            _ = await reader.result
            // The server notices that its reader has left although nothing more is written.
            for _ in 0..<200 where !ended.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(10)) }
            #expect(ended.withLock { $0 })
        }
    }

    @Test func aFollowedLogDoesNotHoldUpShutdown() async throws {
        let (stream, continuation) = AsyncThrowingStream<LogLine, any Error>.makeStream()
        let backend = FakeBackend { _ in stream }
        let clock = ContinuousClock()
        var begun = clock.now
        try await ServerFixture.with(backend) { server in
            let key = try await deploy(server)
            continuation.yield(Self.line(1))
            let (first, arrival) = AsyncStream<Void>.makeStream()
            let client = server.client
            Task { try await client.logs(key, LogQuery(follow: true)) { _ in arrival.finish() } }
            for await _ in first {}
            begun = clock.now
        }
        #expect(clock.now - begun < .seconds(5))
        continuation.finish()
    }

    @Test func theLogOfNobodyIsNotFound() async throws {
        try await ServerFixture.with { server in
            let key = try FunctionKey(name: "nobody")
            await #expect(throws: ClientError.refused(.noSuchFunction(key))) {
                try await server.client.logs(key, LogQuery()) { _ in }
            }
        }
    }
}
