package import Core
internal import HTTPWire
package import Logging
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// The internal router: takes HTTP/1.1 requests, finds or wakes an instance for each, and relays both ways.
///
///     let gateway = Gateway(configuration: …, dialer: …, logger: …)
///     let orchestrator = Orchestrator(router: gateway, …)
///     gateway.attach(orchestrator)
///     let address = try await gateway.start()
///     try await gateway.run()            // until shutdown, or throws when the listener dies
///
/// Routes may be told from the beginning; requests come after `start`.
package final class Gateway: RouterPort, Sendable {
    private let configuration: GatewayConfiguration
    private let registry: RoutingRegistry
    private let group: MultiThreadedEventLoopGroup
    private let loops: [GatewayLoop]
    private let connections = ConnectionCount()
    private let counters = GatewayCounters()
    private let listeners: [Listener]
    /// That of the functions' address, where it needs one of its own.
    private let functionListener = Mutex<Listener?>(nil)
    private let logger: Logger
    private let isShutDown = Atomic<Bool>(false)

    package init(configuration: GatewayConfiguration, dialer: any UpstreamDialing, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        let registry = RoutingRegistry(
            domain: configuration.domain, headLimit: configuration.limits.headBytes)
        self.registry = registry
        let group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, configuration.loops))
        self.group = group
        let (connections, counters) = (connections, counters)
        let loops = group.makeIterator().map { eventLoop in
            let rewriter = RequestRewriter(
                routes: RouteTable([]), domain: configuration.domain,
                headLimit: configuration.limits.headBytes)
            return GatewayLoop(
                eventLoop: eventLoop, configuration: configuration, dialer: dialer, rewriter: rewriter,
                connections: connections, counters: counters, logger: logger)
        }
        self.loops = loops
        listeners = configuration.points.map {
            Listener(
                point: $0, loops: loops, group: group, limits: configuration.limits,
                functionAddress: configuration.functionAddress)
        }
    }

    /// Sets whom to ask for instances; before `start`.
    package func attach(_ activator: any ActivatorPort) {
        for loop in loops { loop.execute { $0.activator = activator } }
    }

    /// Sets who answers on the platform's own paths; before `start`.
    package func attach(platform: any PlatformResponding) {
        for loop in loops { loop.execute { $0.platform = platform } }
    }

    /// Begins to listen.
    /// - Returns: an address for each of the configuration's points, with the port that was taken for port 0.
    package func start() async throws(GatewayError) -> [(host: String, port: Int)] {
        var addresses: [(host: String, port: Int)] = []
        for listener in listeners { addresses.append(try await begin(listener)) }
        return addresses
    }

    private func begin(_ listener: Listener) async throws(GatewayError) -> (host: String, port: Int) {
        let address = try await listener.listen()
        logger.info("gateway listens", metadata: ["address": "\(address.host):\(address.port)"])
        return address
    }

    /// Sees to it that functions find the gateway at their address (`GatewayConfiguration.functionAddress`), on the port
    /// that others find it: by a listener that has all addresses, or by one more. After `start`, once.
    /// - Returns: the port; nil where the gateway is not found there, since somebody else is.
    package func startForFunctions() async throws(GatewayError) -> UInt16? {
        let serving = listeners.filter(\.role.hasFunctions)
        guard let address = configuration.functionAddress, let port = serving.first?.port else { return nil }
        for listener in serving {
            if await listener.has(address) { return listener.port.flatMap(UInt16.init(exactly:)) }
        }
        let listener = Listener(
            point: ListenPoint(.address(host: address, port: port), role: .functions), loops: loops,
            group: group, limits: configuration.limits, functionAddress: address)
        do {
            _ = try await begin(listener)
        } catch .addressInUse(let text) {
            logger.warning(
                "somebody else listens where functions would find the gateway: they do not find it",
                metadata: ["address": "\(text)"])
            return nil
        } catch .addressNotAvailable(let text) {
            logger.warning("functions do not find the gateway", metadata: ["address": "\(text)"])
            return nil
        }
        functionListener.withLock { $0 = listener }
        return UInt16(exactly: port)
    }

    private var allListeners: [Listener] { listeners + functionListener.withLock { $0.map { [$0] } ?? [] } }

    /// Returns after `shutdown`.
    /// - Throws: `listenerDied` when the listener ends otherwise; the daemon must not live on without it.
    package func run() async throws(GatewayError) {
        let listeners = allListeners
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for listener in listeners {
                    group.addTask {
                        do {
                            try await listener.wait()
                        } catch {
                            // The others would not notice.
                            for other in listeners { await other.close() }
                            throw error
                        }
                    }
                }
                try await group.waitForAll()
            }
        } catch let error as GatewayError {
            throw error
        } catch {
            throw .listenerDied("?", reason: "\(error)")
        }
    }

    /// Stops accepting, lets exchanges in flight end (each with `Connection: close`), and after `grace` cuts the rest.
    /// Only the first call does.
    package func shutdown(grace: Duration) async {
        guard !isShutDown.exchange(true, ordering: .acquiringAndReleasing) else { return }
        for listener in allListeners { await listener.close() }
        for loop in loops { loop.execute { $0.drain() } }
        let deadline = ContinuousClock.now + grace
        while connections.count > 0, ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(10))
        }
        for loop in loops { loop.execute { $0.cutAll() } }
        do {
            try await group.shutdownGracefully()
        } catch {
            logger.error("event loops did not end", metadata: ["error": "\(error)"])
        }
    }

    /// Client connections that are open now.
    package var clientConnections: Int { connections.count }

    /// What a function has answered so far; nil when it is not known.
    package func traffic(of function: FunctionKey) -> FunctionTraffic? { registry.traffic(function) }

    /// Everything that was counted so far.
    package func reading() -> GatewayReading {
        GatewayReading(
            clientConnections: connections.count, functions: registry.traffic(),
            queueWait: counters.queueWait.read(), thaw: counters.thaw.read(), refusals: counters.read())
    }

    /// Returns when every event loop has taken a turn.
    package func answers() async {
        for loop in loops {
            await withCheckedContinuation { continuation in
                loop.execute { _ in continuation.resume() }
            }
        }
    }

    // MARK: RouterPort

    package func upsert(_ policy: RoutePolicy) { registry.upsert(policy, loops) }
    package func remove(_ function: FunctionKey) { registry.remove(function, loops) }
    package func publish(_ function: FunctionKey, instances: [InstanceHandle]) {
        registry.publish(function, instances, loops)
    }
    package func startFailed(_ function: FunctionKey) { registry.startFailed(function) }
}

extension GatewayLoop {
    /// The gateway ends: no connection outlives its exchange.
    func drain() {
        isDraining = true
        for exchange in deadlines.all { exchange.drain() }
    }

    func cutAll() {
        for exchange in deadlines.all { exchange.cut() }
    }
}
