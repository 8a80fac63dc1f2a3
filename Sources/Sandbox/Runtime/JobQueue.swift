internal import LinuxSystem
internal import Synchronization

/// Work for threads that wait for it, first in, first out. Who pushes bounds it: at most a few jobs per instance.
final class JobQueue<Job: Sendable>: Sendable {
    private struct State {
        var jobs: [Job] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let wake: WakeEvent

    init() throws(KernelError) { wake = try WakeEvent() }

    /// - Returns: false when the queue is closed and the job was not taken.
    func push(_ job: sending Job) -> Bool {
        let job = job
        let taken = state.withLock { state in
            if state.isClosed { return false }
            state.jobs.append(job)
            return true
        }
        if taken { wake.signal() }
        return taken
    }

    /// Waits for a job. Nil once the queue is closed and empty.
    func next() -> Job? {
        while true {
            let (job, more, closed) = state.withLock { state in
                let job = state.jobs.isEmpty ? nil : state.jobs.removeFirst()
                return (job, !state.jobs.isEmpty, state.isClosed)
            }
            // One signal may have stood for several jobs, and for several threads.
            if more || closed { wake.signal() }
            if let job { return job }
            if closed { return nil }
            wake.wait(nanoseconds: nil)
        }
    }

    func close() {
        state.withLock { $0.isClosed = true }
        wake.signal()
    }
}
