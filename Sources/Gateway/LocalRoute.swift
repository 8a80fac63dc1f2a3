internal import Core

/// A function as one loop knows it: policy and instances, replaced as a whole by each publication.
final class LocalRoute {
    let shared: FunctionRoute
    /// Nanoseconds.
    private(set) var timeout: UInt64
    private(set) var queueTimeout: UInt64
    /// Requests in flight in an instance beyond which another is wanted.
    private var target: Int
    /// When the orchestrator may be told again that all are at their target.
    private var crowdedAgainAt: Int64 = 0
    /// The path under which the function is called, as CGI's SCRIPT_NAME has it.
    let script: String
    private var endpoints: [Endpoint] = []
    private var cursor = 0

    init(_ shared: FunctionRoute, _ policy: RoutePolicy) {
        self.shared = shared
        let key = shared.key
        script = "/function/" + (key.namespace == .default ? key.name : key.description)
        timeout = UInt64(clamping: policy.timeout.nanoseconds)
        queueTimeout = UInt64(clamping: policy.queueTimeout.nanoseconds)
        target = policy.target
    }

    func update(_ policy: RoutePolicy) {
        timeout = UInt64(clamping: policy.timeout.nanoseconds)
        queueTimeout = UInt64(clamping: policy.queueTimeout.nanoseconds)
        target = policy.target
    }

    /// Whether a request that has just entered found no instance below its target; said from time to time only.
    @inline(__always)
    func isCrowded(_ endpoint: Endpoint, now: Int64) -> Bool {
        guard endpoint.handle.gate.inFlight > target, now >= crowdedAgainAt else { return false }
        crowdedAgainAt = now &+ Limits.crowdedInterval.nanoseconds
        return true
    }

    /// Replaces the instances; those that stay keep their connections.
    func publish(_ handles: [InstanceHandle], idleLimit: Int) {
        var old: [ObjectIdentifier: Endpoint] = [:]
        for endpoint in endpoints { old[ObjectIdentifier(endpoint.handle)] = endpoint }
        endpoints = handles.map { handle in
            old.removeValue(forKey: ObjectIdentifier(handle)) ?? Endpoint(handle, idleLimit: idleLimit)
        }
        for endpoint in old.values { endpoint.retire() }
        cursor = 0
    }

    /// The endpoint of an instance that another loop chose; one of its own when it is not known here (any more).
    func endpoint(of handle: InstanceHandle) -> Endpoint {
        if let known = endpoints.first(where: { $0.handle === handle }) { return known }
        let stranger = Endpoint(handle, idleLimit: 0)
        stranger.retire()
        return stranger
    }

    /// Enters the gate of the instance with the least in flight; awake ones come first, until they are at their target.
    @inline(__always)
    func enter(now: Int64, avoiding: InstanceID? = nil) -> (endpoint: Endpoint, frozen: Bool)? {
        if endpoints.count == 1, avoiding == nil {
            return Self.enter(endpoints[0], now)
        }
        return enterBest(now, avoiding)
    }

    @inline(never)
    private func enterBest(_ now: Int64, _ avoiding: InstanceID?) -> (endpoint: Endpoint, frozen: Bool)? {
        let count = endpoints.count
        guard count > 0 else { return nil }
        cursor = cursor + 1 < count ? cursor + 1 : 0
        var best: Endpoint?
        var least = Int.max
        for step in 0..<min(count, Limits.comparedInstances) {
            let endpoint = endpoints[(cursor + step) % count]
            let inFlight = endpoint.handle.gate.inFlight
            if inFlight < least, endpoint.handle.gate.phase == .open, endpoint.handle.id != avoiding {
                (best, least) = (endpoint, inFlight)
            }
        }
        if least >= target, let woken = enterFirst(frozen: true, now, avoiding) { return woken }
        if let best, let entered = Self.enter(best, now) { return entered }
        return enterFirst(frozen: false, now, avoiding) ?? enterFirst(frozen: true, now, avoiding)
    }

    private func enterFirst(
        frozen: Bool, _ now: Int64, _ avoiding: InstanceID?
    ) -> (endpoint: Endpoint, frozen: Bool)? {
        for step in 0..<endpoints.count {
            let endpoint = endpoints[(cursor + step) % endpoints.count]
            guard (endpoint.handle.gate.phase == .frozen) == frozen, endpoint.handle.id != avoiding,
                let entered = Self.enter(endpoint, now)
            else { continue }
            return entered
        }
        return nil
    }

    @inline(__always)
    private static func enter(_ endpoint: Endpoint, _ now: Int64) -> (endpoint: Endpoint, frozen: Bool)? {
        switch endpoint.handle.gate.enter(now: now) {
        case .entered: (endpoint, false)
        case .enteredFrozen: (endpoint, true)
        case .full, .closed: nil
        }
    }
}
