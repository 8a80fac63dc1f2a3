import Core
import Foundation
import Gateway
import LinuxSystem
import Logging
import Synchronization

struct LoopbackDialer: UpstreamDialing {
    func dial(slot: SlotID, port: UInt16) throws(KernelError) -> OwnedFD {
        guard let descriptor = try? RawSocket.make(flags: Int32(SOCK_NONBLOCK.rawValue)) else {
            throw KernelError("socket", code: errno)
        }
        let owned = OwnedFD(owning: descriptor)
        let result = RawSocket.withLoopback(port) { connect(descriptor, $0, $1) }
        if result != 0, errno != EINPROGRESS { throw KernelError("connect", code: errno) }
        return owned
    }
}

final class CountingThaw: Thawing {
    let count = Atomic<Int>(0)
    let fails: Bool
    init(fails: Bool = false) { self.fails = fails }
    func thaw() throws(InstanceFailure) {
        count.wrappingAdd(1, ordering: .relaxed)
        if fails { throw InstanceFailure(phase: .freeze, cause: "Test", message: "does not thaw") }
    }
}

/// Remembers what it was told, and does what the test says.
final class FakeActivator: ActivatorPort {
    struct Told {
        var demands: [String] = []
        var drained: [InstanceID] = []
        var thawed: [InstanceID] = []
        var suspects: [InstanceID] = []
        var crowded = 0
        var failed: [FailedCall] = []
    }
    let told = Mutex(Told())
    private let onDemand: @Sendable (FunctionKey) -> Void

    init(_ onDemand: @escaping @Sendable (FunctionKey) -> Void = { _ in }) { self.onDemand = onDemand }

    func demand(_ function: FunctionKey, callID: String) {
        told.withLock { $0.demands.append(callID) }
        onDemand(function)
    }
    func drained(_ instance: InstanceID) { told.withLock { $0.drained.append(instance) } }
    func thawed(_ instance: InstanceID) { told.withLock { $0.thawed.append(instance) } }
    func crowded(_ function: FunctionKey) { told.withLock { $0.crowded += 1 } }
    func suspect(_ instance: InstanceID, callID: String) { told.withLock { $0.suspects.append(instance) } }
    func failed(_ call: FailedCall) { told.withLock { $0.failed.append(call) } }

    var demands: [String] { told.withLock { $0.demands } }
    var drained: [InstanceID] { told.withLock { $0.drained } }
    var thawed: [InstanceID] { told.withLock { $0.thawed } }
    var crowded: Int { told.withLock { $0.crowded } }
    var failed: [FailedCall] { told.withLock { $0.failed } }
    var suspects: [InstanceID] { told.withLock { $0.suspects } }
}

/// A gateway on a free port, with one function, `hello`.
struct GatewayFixture: Sendable {
    let gateway: Gateway
    let activator: FakeActivator
    let port: Int
    let key: FunctionKey

    static func with(
        limits: GatewayLimits = GatewayLimits(), loops: Int = 2, spec: FunctionSpec = FunctionSpec(),
        onDemand: @escaping @Sendable (Gateway, FunctionKey) -> Void = { _, _ in },
        _ body: (GatewayFixture) async throws -> Void
    ) async throws {
        var configuration = GatewayConfiguration()
        configuration.points = [ListenPoint(.address(host: "127.0.0.1", port: 0))]
        configuration.loops = loops
        configuration.limits = limits
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let gateway = Gateway(configuration: configuration, dialer: LoopbackDialer(), logger: logger)
        let activator = FakeActivator { [weak gateway] key in
            if let gateway { onDemand(gateway, key) }
        }
        gateway.attach(activator)
        let key = try FunctionKey(name: "hello")
        gateway.upsert(RoutePolicy(key: key, spec: spec))
        let address = try await gateway.start()
        let fixture = GatewayFixture(gateway: gateway, activator: activator, port: address[0].port, key: key)
        do {
            try await body(fixture)
        } catch {
            await gateway.shutdown(grace: .zero)
            throw error
        }
        await gateway.shutdown(grace: .seconds(1))
    }

    /// An instance that is open and served by `port`.
    static func instance(
        _ key: FunctionKey, port: UInt16, concurrency: Int = 0, thawing: any Thawing = CountingThaw(),
        commands: CommandService? = nil, exhaustion: (any ExhaustionTelling)? = nil, startedAt: Int64 = 0,
        readyAt: Int64 = 0
    ) -> InstanceHandle {
        var random = SystemRandomNumberGenerator()
        let gate = InstanceGate(concurrency: concurrency)
        gate.open(now: 0)
        return InstanceHandle(
            id: InstanceID(random: &random), revision: RevisionID(function: key, number: 1), slot: SlotID(0),
            port: port, gate: gate, thawing: thawing, commands: commands,
            exhaustion: exhaustion, startedAt: startedAt,
            readyAt: readyAt)
    }

    /// Publishes one instance served by the upstream.
    @discardableResult
    func publish(_ upstream: ScriptedUpstream, concurrency: Int = 0) -> InstanceHandle {
        let handle = Self.instance(key, port: upstream.port, concurrency: concurrency)
        gateway.publish(key, instances: [handle])
        return handle
    }

    @discardableResult
    func client<T: Sendable>(_ body: @escaping @Sendable (RawSocket) throws -> T) async throws -> T {
        let port = port
        return try await blocking { try body(try RawSocket.connect(port)) }
    }
}

/// Waits until `condition` holds, at most five seconds.
func eventually(_ condition: @Sendable () -> Bool) async -> Bool {
    for _ in 0..<500 {
        if condition() { return true }
        try? await Task.sleep(for: .milliseconds(10))
    }
    return condition()
}
