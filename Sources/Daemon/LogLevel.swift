package import Logging
internal import Synchronization

/// The level from which on the daemon logs, for all of its loggers; a reload changes it.
package final class LogLevel: Sendable {
    private let stored: Atomic<Int>

    package init(_ level: Logger.Level) { stored = Atomic(Self.number(level)) }

    package var current: Logger.Level { Logger.Level.allCases[stored.load(ordering: .relaxed)] }

    package func set(_ level: Logger.Level) { stored.store(Self.number(level), ordering: .relaxed) }

    private static func number(_ level: Logger.Level) -> Int {
        Logger.Level.allCases.firstIndex(of: level) ?? 0
    }
}
