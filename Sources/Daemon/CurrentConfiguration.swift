internal import Synchronization

/// The configuration in force, for whoever asks at each use.
final class CurrentConfiguration: Sendable {
    private let stored: Mutex<Configuration>

    init(_ configuration: Configuration) { stored = Mutex(configuration) }

    var value: Configuration { stored.withLock { $0 } }

    /// What it throws changes nothing.
    func change<Result: Sendable>(_ body: (inout Configuration) throws -> Result) throws -> Result {
        try stored.withLock { stored in
            var changed = stored
            let result = try body(&changed)
            stored = changed
            return result
        }
    }
}
