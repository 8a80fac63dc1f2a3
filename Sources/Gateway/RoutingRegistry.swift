internal import Core
internal import DequeModule
internal import HTTPWire
internal import Synchronization

/// All functions, and the order in which the loops hear of them: each change is handed to every loop while the lock
/// is held, so that all see the same order. Requests never come here.
final class RoutingRegistry: Sendable {
    private struct State {
        var routes: [FunctionKey: FunctionRoute] = [:]
        var freeIndexes: [Int] = []
        var count = 0
        /// Counts changes of the names; the table is built when a loop first asks after one.
        var generation = 0
        var built = -1
        var rewriter: RequestRewriter
    }

    private let state: Mutex<State>
    private let domain: String
    private let headLimit: Int

    init(domain: String, headLimit: Int) {
        self.domain = domain
        self.headLimit = headLimit
        let empty = RequestRewriter(routes: RouteTable([]), domain: domain, headLimit: headLimit)
        state = Mutex(State(rewriter: empty))
    }

    func upsert(_ policy: RoutePolicy, _ loops: [GatewayLoop]) {
        state.withLock { state in
            if let route = state.routes[policy.key] {
                for loop in loops { loop.execute { $0.update(route, policy) } }
                return
            }
            let index = state.freeIndexes.popLast() ?? state.count
            if index == state.count { state.count += 1 }
            let route = FunctionRoute(key: policy.key, index: index)
            state.routes[policy.key] = route
            state.generation += 1
            for loop in loops {
                loop.execute {
                    $0.add(route, policy)
                    $0.refresh(self)
                }
            }
        }
    }

    func remove(_ key: FunctionKey, _ loops: [GatewayLoop]) {
        state.withLock { state in
            guard let route = state.routes.removeValue(forKey: key) else { return }
            state.freeIndexes.append(route.index)
            state.generation += 1
            for waiter in route.queue.takeAll(removing: true) {
                waiter.loop.execute { $0.refuse(waiter.ticket, .functionNotFound) }
            }
            for loop in loops {
                loop.execute {
                    $0.refresh(self)
                    $0.remove(route)
                }
            }
        }
    }

    func publish(_ key: FunctionKey, _ handles: [InstanceHandle], _ loops: [GatewayLoop]) {
        state.withLock { state in
            guard let route = state.routes[key] else { return }
            for loop in loops { loop.execute { $0.publish(route, handles) } }
        }
    }

    func startFailed(_ key: FunctionKey) {
        state.withLock { state in
            guard let route = state.routes[key] else { return }
            for waiter in route.queue.takeAll(removing: false) {
                waiter.loop.execute { $0.refuse(waiter.ticket, .startFailed) }
            }
        }
    }

    /// Brings a loop's table up to date. A table may be newer than what the loop has heard of: then it finds no route
    /// at the index yet, never another function's.
    func refresh(_ rewriter: inout RequestRewriter, _ generation: inout Int) {
        state.withLock { state in
            if state.built != state.generation {
                state.rewriter = RequestRewriter(
                    routes: RouteTable(Self.entries(state.routes)), domain: domain, headLimit: headLimit)
                state.built = state.generation
            }
            guard generation != state.generation else { return }
            generation = state.generation
            rewriter = state.rewriter
        }
    }

    func traffic(_ key: FunctionKey) -> FunctionTraffic? {
        state.withLock { state in
            guard let route = state.routes[key] else { return nil }
            return route.counters.read(waiting: route.queue.count)
        }
    }

    func traffic() -> [(key: FunctionKey, traffic: FunctionTraffic)] {
        let routes = state.withLock { Array($0.routes.values) }
        return routes.sorted { $0.key < $1.key }.map {
            ($0.key, $0.counters.read(waiting: $0.queue.count))
        }
    }

    /// Each function by `name.namespace`, those of the default namespace by their name alone too.
    private static func entries(_ routes: [FunctionKey: FunctionRoute]) -> [(key: String, value: Int32)] {
        var entries: [(key: String, value: Int32)] = []
        for (key, route) in routes {
            let index = Int32(truncatingIfNeeded: route.index)
            entries.append((key.description, index))
            if key.namespace == .default { entries.append((key.name, index)) }
        }
        return entries
    }
}
