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

    init() {
        state = Mutex(State(configuration: .ofHost(), readAt: KernelClock.monotonic()))
    }

    var problem: String? { state.withLock { $0.configuration.problem } }

    var bytes: [UInt8] {
        state.withLock { state in
            let now = KernelClock.monotonic()
            if now - state.readAt > Limits.resolverAge.nanoseconds {
                state = State(configuration: .ofHost(), readAt: now)
            }
            return state.configuration.bytes
        }
    }
}
