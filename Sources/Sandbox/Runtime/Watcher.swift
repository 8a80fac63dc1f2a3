internal import CLinux
internal import Core
internal import LinuxSystem
internal import Synchronization

/// What a `Watcher` tells about one process. Called on the watcher's thread; must not block.
protocol WatchedProcess: AnyObject, Sendable {
    var socketDescriptor: Int32 { get }
    var processDescriptor: Int32 { get }
    /// The socket has a packet, or its end.
    /// - Returns: whether there may be more.
    func socketReady() -> Bool
    /// Sends what waits, now that the socket may have room.
    /// - Returns: whether something waits still.
    func flush() -> Bool
    /// What the watcher knows it by, before anything is told of it.
    func watched(as token: UInt64)
    func processEnded()
    /// Called about once a second while the process has not started.
    func tick(now: Int64) -> Bool
    /// Called every few seconds.
    func look()
}

/// One thread that waits for every container at once: for what torpor-init reports, and for its end.
final class Watcher: Sendable {
    private struct Entry {
        let process: any WatchedProcess
        var watchesSocket = true
        var isStarting = true
        var awaitsRoom = false
    }

    private struct State {
        var entries: [UInt64: Entry] = [:]
        var lastToken: UInt64 = 0
        var isClosed = false
    }

    private let epoll: OwnedFD
    private let wake: WakeEvent
    private let state = Mutex(State())
    /// Monotonic nanoseconds; the thread's own.
    private let nextLook = Atomic<Int64>(0)

    init() throws(KernelError) {
        epoll = OwnedFD(owning: try check(clinux_epoll_create(), "epoll_create1"))
        wake = try WakeEvent()
        try check(clinux_epoll_add(epoll.raw, wake.descriptor, 0), "epoll_ctl")
    }

    /// Holds the process until its end was told. When this throws, it is not told: the caller ends the process.
    func add(_ process: any WatchedProcess) throws(KernelError) {
        let token = state.withLock { state in
            state.lastToken += 2
            state.entries[state.lastToken] = Entry(process: process)
            return state.lastToken
        }
        process.watched(as: token)
        do {
            try check(clinux_epoll_add(epoll.raw, process.socketDescriptor, token), "epoll_ctl")
            try check(clinux_epoll_add(epoll.raw, process.processDescriptor, token + 1), "epoll_ctl")
        } catch {
            // In this order the end cannot have been told. Removing what was not added does nothing.
            _ = clinux_epoll_remove(epoll.raw, process.socketDescriptor)
            state.withLock { _ = $0.entries.removeValue(forKey: token) }
            throw error
        }
        wake.signal()
    }

    /// Has `flush` called as soon as the socket has room. Any thread.
    func awaitRoom(_ token: UInt64) {
        state.withLock { state in
            guard let entry = state.entries[token], entry.watchesSocket, !entry.awaitsRoom else { return }
            state.entries[token]?.awaitsRoom = true
            _ = clinux_epoll_output(epoll.raw, entry.process.socketDescriptor, token, 1)
        }
    }

    /// The thread's body: returns after `close`.
    func run() {
        var tokens = [UInt64](repeating: 0, count: 64)
        while !state.withLock({ $0.isClosed }) {
            let hasStarting = state.withLock { $0.entries.values.contains { $0.isStarting } }
            let count = clinux_epoll_wait(
                epoll.raw, &tokens, Int32(tokens.count), hasStarting ? 1000 : untilLook())
            for token in tokens.prefix(max(0, Int(count))) {
                if token == 0 { wake.clear() } else { handle(token) }
            }
            if hasStarting { tick() }
            look()
        }
    }

    /// Milliseconds until the next look; -1 while there is nobody to look at.
    private func untilLook() -> Int32 {
        if state.withLock({ $0.entries.isEmpty }) { return -1 }
        let left = (nextLook.load(ordering: .relaxed) - KernelClock.monotonic()) / 1_000_000
        return Int32(clamping: max(left + 1, 0))
    }

    private func look() {
        let now = KernelClock.monotonic()
        guard now >= nextLook.load(ordering: .relaxed) else { return }
        nextLook.store(now + Limits.exhaustionInterval.nanoseconds, ordering: .relaxed)
        for entry in state.withLock({ Array($0.entries.values) }) { entry.process.look() }
    }

    func close() {
        state.withLock { $0.isClosed = true }
        wake.signal()
    }

    private func handle(_ token: UInt64) {
        let key = token & ~1
        guard let entry = state.withLock({ $0.entries[key] }) else { return }
        if token & 1 == 0 {
            if entry.process.socketReady() {
                if entry.awaitsRoom { flush(key, entry) }
                return
            }
            stopWatchingSocket(key, entry)
        } else {
            stopWatchingSocket(key, entry)
            _ = clinux_epoll_remove(epoll.raw, entry.process.processDescriptor)
            state.withLock { _ = $0.entries.removeValue(forKey: key) }
            entry.process.processEnded()
        }
    }

    private func flush(_ key: UInt64, _ entry: Entry) {
        state.withLock { state in
            // Whoever finds no room after this asks again.
            state.entries[key]?.awaitsRoom = false
            _ = clinux_epoll_output(epoll.raw, entry.process.socketDescriptor, key, 0)
        }
        if entry.process.flush() { awaitRoom(key) }
    }

    private func stopWatchingSocket(_ key: UInt64, _ entry: Entry) {
        guard entry.watchesSocket else { return }
        _ = clinux_epoll_remove(epoll.raw, entry.process.socketDescriptor)
        state.withLock { $0.entries[key]?.watchesSocket = false }
    }

    private func tick() {
        let starting = state.withLock { $0.entries.filter { $0.value.isStarting } }
        let now = KernelClock.monotonic()
        for (key, entry) in starting where !entry.process.tick(now: now) {
            state.withLock { $0.entries[key]?.isStarting = false }
        }
    }
}
