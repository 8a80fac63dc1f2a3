internal import Core
internal import HTTPWire
internal import LinuxSystem
internal import Logging
internal import NIOCore
internal import NIOPosix

/// What one event loop owns: its snapshot of the routes, its connections, and everything that a request touches.
///
// SAFETY: every stored property that varies is touched on `eventLoop` alone; other threads only call `execute`.
final class GatewayLoop: @unchecked Sendable {
    let eventLoop: any EventLoop
    let limits: GatewayLimits
    let dialer: any UpstreamDialing
    let logger: Logger
    let connections: ConnectionCount
    let counters: GatewayCounters

    var activator: (any ActivatorPort)?
    var platform: (any PlatformResponding)?
    var rewriter: RequestRewriter
    var ids = CallIDGenerator()
    /// Where response heads are built; replaced by itself when a slow client still holds it.
    var output = ByteBufferAllocator().buffer(capacity: 16 << 10)
    var isDraining = false
    let deadlines: DeadlineList
    private var routes: [LocalRoute?] = []
    private var generation = -1
    private var waiting: [UInt64: ClientExchange] = [:]
    private var lastTicket: UInt64 = 0

    init(
        eventLoop: any EventLoop, configuration: GatewayConfiguration, dialer: any UpstreamDialing,
        rewriter: RequestRewriter, connections: ConnectionCount, counters: GatewayCounters, logger: Logger
    ) {
        self.eventLoop = eventLoop
        limits = configuration.limits
        self.dialer = dialer
        self.logger = logger
        self.rewriter = rewriter
        self.connections = connections
        self.counters = counters
        deadlines = DeadlineList(eventLoop)
    }

    /// Monotonic nanoseconds, the clock of the gates.
    @inline(__always)
    static func now() -> UInt64 { NIODeadline.now().uptimeNanoseconds }

    func execute(_ body: @escaping @Sendable (GatewayLoop) -> Void) {
        eventLoop.execute { body(self) }
    }

    // MARK: Routes

    @inline(__always)
    func route(_ index: Int32) -> LocalRoute? {
        let index = Int(index)
        return index < routes.count ? routes[index] : nil
    }

    func add(_ route: FunctionRoute, _ policy: RoutePolicy) {
        while routes.count <= route.index { routes.append(nil) }
        routes[route.index] = LocalRoute(route, policy)
    }

    func update(_ route: FunctionRoute, _ policy: RoutePolicy) {
        local(route)?.update(policy)
    }

    func remove(_ route: FunctionRoute) {
        guard let local = local(route) else { return }
        local.publish([], idleLimit: 0)
        routes[route.index] = nil
    }

    func refresh(_ registry: RoutingRegistry) {
        registry.refresh(&rewriter, &generation)
    }

    func publish(_ route: FunctionRoute, _ handles: [InstanceHandle]) {
        guard let local = local(route) else { return }
        local.publish(handles, idleLimit: limits.idleUpstreams)
        if route.queue.hasWaiters { admitWaiters(local, demandAlways: true) }
    }

    private func local(_ route: FunctionRoute) -> LocalRoute? {
        guard route.index < routes.count, let local = routes[route.index], local.shared === route else {
            return nil
        }
        return local
    }

    // MARK: Waiting requests

    func ticket(for exchange: ClientExchange) -> UInt64 {
        lastTicket += 1
        waiting[lastTicket] = exchange
        return lastTicket
    }

    func cancel(_ ticket: UInt64) { waiting[ticket] = nil }

    /// Lets waiting requests in, in their order, while an instance has room; asks for more when some remain.
    func admitWaiters(_ local: LocalRoute, demandAlways: Bool) {
        let queue = local.shared.queue
        while queue.count > 0 {
            let now = Self.now()
            guard let entered = local.enter(now: Int64(now)) else {
                demandMore(local, always: demandAlways, now)
                return
            }
            guard let waiter = queue.takeFirst() else {
                leave(entered.endpoint.handle, local)
                return
            }
            let grant = Grant(
                route: local.shared, handle: entered.endpoint.handle, frozen: entered.frozen,
                thawNanoseconds: entered.frozen
                    ? thaw(entered.endpoint.handle, callID: waiter.callID) : 0)
            waiter.loop.execute { $0.granted(waiter.ticket, grant) }
        }
    }

    private func demandMore(_ local: LocalRoute, always: Bool, _ now: UInt64) {
        let interval = always ? 0 : Limits.demandInterval.nanoseconds
        let queue = local.shared.queue
        guard queue.mayDemand(now: Int64(now), interval: interval) else { return }
        activator?.demand(local.shared.key, callID: queue.firstCallID)
    }

    private func granted(_ ticket: UInt64, _ grant: Grant) {
        let local = local(grant.route)
        guard let exchange = waiting.removeValue(forKey: ticket) else {
            // The client has left: what was entered for it is passed on.
            if let local { leave(grant.handle, local) } else { leaveGate(grant.handle) }
            return
        }
        let endpoint = local?.endpoint(of: grant.handle) ?? Endpoint(grant.handle, idleLimit: 0)
        guard let thawed = grant.thawNanoseconds else {
            exchange.enteredUnusable(endpoint)
            return
        }
        exchange.granted(endpoint, frozen: grant.frozen, thawNanoseconds: thawed)
    }

    func refuse(_ ticket: UInt64, _ refusal: Refusal) {
        waiting.removeValue(forKey: ticket)?.refusedWaiting(refusal)
    }

    /// The platform's own answer to a request that waits for it.
    func answer(_ ticket: UInt64, _ response: LocalResponse) {
        waiting.removeValue(forKey: ticket)?.answer(response)
    }

    /// Tells of a call that came to nothing, unless too many of its function have been told lately.
    func tellFailed(
        _ route: FunctionRoute, callID: String, code: String, instance: InstanceID?, end: ProcessEnd? = nil
    ) {
        guard let untold = route.failures.admit(now: Self.now()) else { return }
        activator?.failed(
            FailedCall(
                function: route.key, callID: callID, code: code, instance: instance, end: end, untold: untold)
        )
    }

    // MARK: Gates

    /// Thaws where the request is (about 6 µs). Returns how long it took, or nil when it failed: then nobody else
    /// enters the instance any more, and the orchestrator knows.
    func thaw(_ handle: InstanceHandle, callID: String) -> UInt64? {
        let began = Self.now()
        do {
            try handle.thawing.thaw()
            let took = Self.now() - began
            counters.thaw.record(nanoseconds: Int64(took))
            // Later: the request that is being woken for goes first.
            execute { $0.activator?.thawed(handle.id) }
            return took
        } catch {
            logger.warning("thaw failed", metadata: ["instance": "\(handle.id)", "error": "\(error)"])
            // Entering has opened the gate already, so that further requests would go to an instance that stands still.
            _ = handle.gate.close()
            activator?.suspect(handle.id, callID: callID)
            return nil
        }
    }

    /// A request is over: its place goes to the first that waits.
    @inline(__always)
    func leave(_ handle: InstanceHandle, _ local: LocalRoute) {
        leaveGate(handle)
        if local.shared.queue.hasWaiters { admitWaiters(local, demandAlways: false) }
    }

    @inline(__always)
    func leaveGate(_ handle: InstanceHandle) {
        if handle.gate.leave(now: Int64(Self.now())) == .drained { activator?.drained(handle.id) }
    }
}

/// A place in an instance, entered on behalf of a request that waits on another loop.
struct Grant: Sendable {
    let route: FunctionRoute
    let handle: InstanceHandle
    let frozen: Bool
    /// nil: it could not be thawed.
    let thawNanoseconds: UInt64?
}
