internal import Core
internal import LinuxSystem
internal import Synchronization

/// How functions come by names, looked at again every few seconds, so that a launch reads memory and a host that moves to
/// another network is followed.
final class CachedResolver: Sendable {
    private struct State {
        var names: FunctionNames
        var readAt: Int64
    }

    private let state: Mutex<State>
    private let changed: @Sendable (FunctionNames) -> Void

    /// Until `decide` is called nobody answers.
    /// - Parameter changed: is told whenever something is found to be another.
    init(changed: @escaping @Sendable (FunctionNames) -> Void) {
        let names = FunctionNames(.notAnswered(reason: "the daemon is starting"))
        state = Mutex(State(names: names, readAt: KernelClock.monotonic()))
        self.changed = changed
    }

    /// Says who answers; once, before the first launch.
    func decide(_ service: FunctionNames.Service) {
        let names = FunctionNames(service)
        state.withLock { $0 = State(names: names, readAt: KernelClock.monotonic()) }
        changed(names)
    }

    var current: FunctionNames {
        let (names, isNew) = state.withLock { state in
            let now = KernelClock.monotonic()
            guard now - state.readAt > Limits.resolverAge.nanoseconds else { return (state.names, false) }
            let old = state.names
            state = State(names: FunctionNames(old.service), readAt: now)
            return (state.names, state.names != old)
        }
        if isNew { changed(names) }
        return names
    }
}
