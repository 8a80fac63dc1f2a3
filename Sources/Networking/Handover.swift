internal import Synchronization

/// One value that a thread gives and a task awaits, once each, in any order.
final class Handover<Value: Sendable>: Sendable {
    private enum State {
        case empty
        case given(Result<Value, any Error>)
        case awaited(CheckedContinuation<Value, any Error>)
        case done
    }

    private let state = Mutex(State.empty)

    func give(_ result: Result<Value, any Error>) {
        let continuation = state.withLock { state -> CheckedContinuation<Value, any Error>? in
            switch state {
            case .empty:
                state = .given(result)
                return nil
            case .awaited(let continuation):
                state = .done
                return continuation
            case .given, .done: preconditionFailure("a value is given once")
            }
        }
        continuation?.resume(with: result)
    }

    func take() async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let result = state.withLock { state -> Result<Value, any Error>? in
                switch state {
                case .empty:
                    state = .awaited(continuation)
                    return nil
                case .given(let result):
                    state = .done
                    return result
                case .awaited, .done: preconditionFailure("a value is taken once")
                }
            }
            if let result { continuation.resume(with: result) }
        }
    }
}
