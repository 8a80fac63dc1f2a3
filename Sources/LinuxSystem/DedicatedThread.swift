internal import CLinux
internal import Glibc
internal import Synchronization

/// A thread of its own for work that blocks: it belongs to neither the cooperative pool nor an event loop, and takes
/// no signals. It ends when its body returns.
package final class DedicatedThread: Sendable {
    private let handle: UInt64
    private let joined = Atomic<Bool>(false)

    /// - Parameter name: as `ps -L` shows it, 15 bytes at most.
    package init(name: String, _ body: @escaping @Sendable () -> Void) throws(KernelError) {
        let box = Unmanaged.passRetained(Body(run: body))
        var handle: UInt64 = 0
        let result = clinux_thread_start(
            &handle, name,
            { context in
                guard let context else { preconditionFailure("pthread_create passes its argument on") }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
            }, box.toOpaque())
        if result < 0 { box.release() }
        try check(result, "pthread_create", subject: name)
        self.handle = handle
    }

    /// Waits for the thread's end. Later calls return at once; on the thread itself it is a programmer's mistake.
    package func join() {
        precondition(clinux_thread_is_current(handle) == 0, "a thread cannot wait for its own end")
        if joined.exchange(true, ordering: .acquiringAndReleasing) { return }
        _ = clinux_thread_join(handle)
    }

    /// One that nobody waits for gives its memory back by itself.
    deinit {
        if !joined.load(ordering: .acquiring) { pthread_detach(pthread_t(handle)) }
    }

    /// How late the calling thread's sleeps may end (prctl(2), PR_SET_TIMERSLACK); 50 µs by default.
    package static func setTimerSlack(nanoseconds: UInt64) {
        // The call fails on no kernel for the own thread; a late wake-up would be no error either.
        _ = clinux_timer_slack(nanoseconds)
    }
}

private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(run: @escaping @Sendable () -> Void) { self.run = run }
}
