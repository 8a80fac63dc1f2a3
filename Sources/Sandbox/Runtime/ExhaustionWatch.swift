internal import CLinux
internal import Core
internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// Notices what one instance runs out of, from what the kernel counts. It is looked at when something of the instance has
/// failed or ended, and every few seconds while it runs: nothing of it is on the path of a request. Any thread.
final class ExhaustionWatch: Sendable {
    private struct State {
        var counts: [Exhaustion: Int] = [:]
        /// Monotonic nanoseconds.
        var seenAt: [Exhaustion: Int64] = [:]
        var layer: WritableLayer?
    }

    private let cgroup: InstanceCgroup?
    private let limits: LimitSpec
    /// Where it has a tmpfs of its own beside its root.
    private let places: [String]
    private let notice: @Sendable (ExhaustionNotice) -> Void
    private let state: Mutex<State>

    /// How long something that ran out explains what fails.
    private static let recent = Duration.seconds(10)

    init(
        cgroup: InstanceCgroup?, layer: WritableLayer?, limits: LimitSpec, places: [String],
        notice: @escaping @Sendable (ExhaustionNotice) -> Void
    ) {
        self.cgroup = cgroup
        self.limits = limits
        self.places = places
        self.notice = notice
        state = Mutex(State(layer: layer))
    }

    /// Tells what is new since the last look.
    func look() {
        let layer = state.withLock { $0.layer }
        if let layer, layer.isFull { found(.disk, count: 1, "its writable layer is full") }
        guard let cgroup else { return }
        found(.memory, count: cgroup.outOfMemoryKills(), nil)
        let failed = cgroup.count("max", in: "pids.events")
        let most = limits.pids ?? Limits.processes
        let times = failed == 1 ? "once" : "\(failed) times"
        found(
            .pids, count: failed,
            "one process or thread more than its \(most) (limits.pids) was wanted \(times) so far")
    }

    /// The same in the places that only the instance sees: looked up by a path of its own making, so not for threads
    /// that others wait for.
    /// - Parameter process: its PID 1 on the host, which is not reaped.
    func lookInside(process: Int32) {
        guard !places.isEmpty,
            let root = try? File.open("/proc/\(process)/root", flags: File.pathOnly | O_DIRECTORY)
        else { return }
        for place in places {
            let found = clinux_open_beneath(root.raw, String(place.drop { $0 == "/" }), File.pathOnly)
            guard found >= 0 else { continue }
            let directory = OwnedFD(owning: found)
            if clinux_is_full(directory.raw) == 1 { self.found(.disk, count: 1, "\(place) is full") }
        }
    }

    func recently() -> Exhaustion? {
        look()
        let earliest = KernelClock.monotonic() - Self.recent.nanoseconds
        return state.withLock { state in
            Exhaustion.allCases.first { (state.seenAt[$0] ?? .min) >= earliest }
        }
    }

    /// Looks for the last time: the instance is gone, and what it wrote goes now.
    func close() {
        look()
        state.withLock { $0.layer = nil }
    }

    /// - Parameter message: nil for what its end tells.
    private func found(_ kind: Exhaustion, count: Int, _ message: @autoclosure () -> String?) {
        guard count > 0 else { return }
        let isFirst = state.withLock { state in
            let before = state.counts[kind] ?? 0
            // What is full is so still; what is counted has happened again.
            guard kind == .disk || count > before else { return false }
            state.counts[kind] = count
            state.seenAt[kind] = KernelClock.monotonic()
            return before == 0
        }
        if isFirst, let message = message() { notice(ExhaustionNotice(kind, message)) }
    }
}

/// The tmpfs that takes what an instance writes to its root; gone with the last reference and the last mount.
final class WritableLayer: Sendable {
    private let mount: DetachedMount
    init(_ mount: consuming DetachedMount) { self.mount = mount }

    var isFull: Bool { clinux_is_full(mount.descriptor) == 1 }
}
