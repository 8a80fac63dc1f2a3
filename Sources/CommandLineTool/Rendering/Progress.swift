internal import Synchronization

/// One line on standard error that tells that something takes long, and is gone when it is over. Nothing where standard
/// error is no terminal.
final class Progress: Sendable {
    private struct State {
        var text: String
        var isShown = false
        var isOver = false
    }

    private let state: Mutex<State>
    private let output: @Sendable (String) -> Void

    private init(_ text: String, _ output: @escaping @Sendable (String) -> Void) {
        state = Mutex(State(text: text))
        self.output = output
    }

    private static let patience = Duration.seconds(1)

    /// Runs the body, and after a second begins to say so.
    static func during<T: Sendable>(
        _ text: String, _ body: (Progress) async throws -> T
    ) async throws -> T {
        let context = ToolContext.current
        let progress = Progress(text, context.errorOutput)
        guard context.errorsAreTerminal() else { return try await body(progress) }
        let clock = ContinuousClock()
        let start = clock.now
        let ticking = Task {  // Cancelled below.
            while true {
                do { try await clock.sleep(for: patience) } catch { return }
                progress.show((clock.now - start).components.seconds)
            }
        }
        defer {
            ticking.cancel()
            progress.end()
        }
        return try await body(progress)
    }

    /// Says something else from now on.
    func update(_ text: String) { state.withLock { $0.text = text } }

    private func show(_ seconds: Int64) {
        state.withLock { state in
            guard !state.isOver else { return }
            state.isShown = true
            output("\r\u{1b}[K\(state.text), \(Span.text(seconds: seconds))")
        }
    }

    private func end() {
        state.withLock { state in
            state.isOver = true
            if state.isShown { output("\r\u{1b}[K") }
        }
    }
}
