internal import Glibc

/// What is said when the user presses Ctrl-C, which then ends this process as always.
enum Interruption {
    /// Says `text` on standard error when SIGINT comes while `body` runs.
    static func telling<T>(_ text: String, _ body: () async throws -> T) async rethrows -> T {
        let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.utf8.count)
        _ = bytes.initialize(fromContentsOf: text.utf8)
        note = UnsafeRawBufferPointer(bytes)
        let before = signal(SIGINT) { _ in Interruption.end() }
        defer {
            signal(SIGINT, before)
            note = nil
            bytes.deallocate()
        }
        return try await body()
    }

    // SAFETY: written while no handler that reads it is installed, and one command runs at a time.
    nonisolated(unsafe) private static var note: UnsafeRawBufferPointer?

    /// On whatever thread the signal hits: async-signal-safe calls alone.
    private static func end() {
        if let note { _ = write(2, note.baseAddress, note.count) }
        // It is held back while its handler runs, and takes this process when that returns.
        signal(SIGINT, SIG_DFL)
        raise(SIGINT)
    }
}
