internal import Core
internal import LinuxSystem
internal import Networking
internal import Synchronization

/// The functions' /etc/resolv.conf: the host's own upstreams, looked at again every few seconds, so that a launch reads
/// memory and a host that moves to another network is followed.
final class CachedResolver: Sendable {
    private struct State {
        var configuration: ResolverConfiguration
        var readAt: Int64
    }

    private let state: Mutex<State>
    private let changed: @Sendable (ResolverConfiguration) -> Void

    /// - Parameter changed: is told what the host has, now and whenever that is found to be another.
    init(changed: @escaping @Sendable (ResolverConfiguration) -> Void) {
        let configuration = ResolverConfiguration.ofHost()
        state = Mutex(State(configuration: configuration, readAt: KernelClock.monotonic()))
        self.changed = changed
        changed(configuration)
    }

    var current: ResolverConfiguration {
        let (configuration, isNew) = state.withLock { state in
            let now = KernelClock.monotonic()
            guard now - state.readAt > Limits.resolverAge.nanoseconds else {
                return (state.configuration, false)
            }
            let old = state.configuration
            state = State(configuration: .ofHost(), readAt: now)
            return (state.configuration, state.configuration != old)
        }
        if isNew { changed(configuration) }
        return configuration
    }
}
