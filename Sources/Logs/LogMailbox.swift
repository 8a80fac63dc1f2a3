internal import Core
internal import LinuxSystem
internal import Synchronization

/// What others ask of the collector's thread.
final class LogMailbox: Sendable {
    enum Message: Sendable {
        case collect(instance: String, function: String, stdout: SharedFD, stderr: SharedFD)
        /// Read what an instance wrote so far.
        case drain(instance: String, CheckedContinuation<Void, Never>)
        /// Answered with the time after which the follower sees everything.
        case follow(LogFollower, CheckedContinuation<LogTime?, Never>)
        case unfollow(UInt64)
        case remove(function: String, CheckedContinuation<Void, Never>)
        /// Forget what instances left that are gone.
        case prune(isDryRun: Bool, CheckedContinuation<Reclaimed, Never>)
        case stop(CheckedContinuation<Void, Never>)
    }

    private struct State {
        var messages: [Message] = []
        var isStopped = false
    }

    let wake: WakeEvent
    private let state = Mutex(State())

    init() throws(KernelError) { wake = try WakeEvent() }

    /// After the end nobody reads: what expects an answer has it at once.
    func post(_ message: Message) {
        let taken = state.withLock { state in
            if state.isStopped { return false }
            if case .stop = message { state.isStopped = true }
            state.messages.append(message)
            return true
        }
        if taken { return wake.signal() }
        switch message {
        case .collect, .unfollow: break
        case .drain(_, let done), .remove(_, let done), .stop(let done): done.resume()
        case .prune(_, let done): done.resume(returning: Reclaimed())
        case .follow(let follower, let joined):
            follower.finish()
            joined.resume(returning: nil)
        }
    }

    func take() -> [Message] {
        state.withLock { state in
            defer { state.messages = [] }
            return state.messages
        }
    }
}
