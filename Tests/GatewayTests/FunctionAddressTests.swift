import Core
import Gateway
import Logging
import Testing

/// Where functions find the gateway: at an address of their own, which the gateway has only if nobody else has.
@Suite(.timeLimit(.minutes(1)))
struct FunctionAddressTests {
    private static let own = "127.0.0.77"

    private func with(
        _ host: String, port: Int = 0, limits: GatewayLimits = GatewayLimits(),
        _ body: (Gateway, Int) async throws -> Void
    ) async throws {
        var configuration = GatewayConfiguration()
        configuration.points = [ListenPoint(.address(host: host, port: port))]
        configuration.functionAddress = Self.own
        configuration.limits = limits
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let gateway = Gateway(configuration: configuration, dialer: LoopbackDialer(), logger: logger)
        do { try await body(gateway, try await gateway.start()[0].port) } catch {
            await gateway.shutdown(grace: .zero)
            throw error
        }
        await gateway.shutdown(grace: .zero)
    }

    @Test(arguments: ["127.0.0.1", "0.0.0.0", "::"])
    func theGatewayIsFound(host: String) async throws {
        try await with(host) { gateway, port in
            gateway.attach(platform: PlatformTests.FakePlatform())
            #expect(try await gateway.startForFunctions().map(Int.init) == port)
            let answers = try await blocking {
                try ["127.0.0.1", Self.own].map {
                    try RawSocket.connect(port, host: $0).get("/metrics").status
                }
            }
            #expect(answers == [401, 404], "the platform's paths are not the functions'")
        }
    }

    @Test func somebodyElseIsThere() async throws {
        try await with("127.0.0.1") { gateway, port in
            try await with(Self.own, port: port) { _, _ in
                let found = try await gateway.startForFunctions()
                #expect(found == nil)
            }
        }
    }

    @Test func functionsDoNotTakeAllConnections() async throws {
        var limits = GatewayLimits()
        (limits.clientConnections, limits.functionConnections) = (4, 2)
        try await with("127.0.0.1", limits: limits) { gateway, port in
            _ = try await gateway.startForFunctions()
            try await blocking {
                let functions = try (0..<2).map { _ in try RawSocket.connect(port, host: Self.own) }
                for socket in functions { #expect(try socket.get("/healthz").status == 200) }
                #expect(try RawSocket.connect(port, host: Self.own).isEnded())
                let other = try RawSocket.connect(port)
                #expect(try other.get("/healthz").status == 200)
            }
        }
    }
}
