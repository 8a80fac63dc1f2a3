package import Logging
internal import ServiceLifecycle

/// Tells the service manager that the daemon is alive (sd_watchdog_enabled(3)), as long as each part of it answers. One
/// that hangs is named in the log; then the manager ends the daemon and starts it anew.
package struct Watchdog: Service {
    package struct Part: Sendable {
        let name: String
        /// Returns when it has answered, well or not.
        let answers: @Sendable () async -> Void

        package init(_ name: String, _ answers: @escaping @Sendable () async -> Void) {
            self.name = name
            self.answers = answers
        }
    }

    /// The manager's patience; nil when nobody waits.
    private let patience: Duration?
    private let parts: [Part]
    private let logger: Logger
    private let ping: @Sendable () -> Void

    package init(
        patience: Duration?, parts: [Part], logger: Logger, ping: @escaping @Sendable () -> Void
    ) {
        self.patience = patience
        self.parts = parts
        self.logger = logger
        self.ping = ping
    }

    /// What the manager asked for: `WATCHDOG_USEC`, when it is meant for this process.
    package static func patience(_ environment: [String: String], processID: Int) -> Duration? {
        if let pid = environment["WATCHDOG_PID"], pid != "\(processID)" { return nil }
        guard let text = environment["WATCHDOG_USEC"], let microseconds = Int64(text), microseconds > 0
        else { return nil }
        return .microseconds(microseconds)
    }

    package func run() async throws {
        guard let patience else {
            try await gracefulShutdown()
            return
        }
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                for part in parts { await ask(part, patience) }
                if Task.isCancelled { return }
                ping()
                // Three chances before the manager's patience ends.
                do { try await Task.sleep(for: patience / 3) } catch { return }
            }
        }
    }

    /// Returns when the part has answered.
    private func ask(_ part: Part, _ patience: Duration) async {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await part.answers()
                return true
            }
            group.addTask {
                do { try await Task.sleep(for: patience / 2) } catch { return false }
                logger.critical(
                    "a part of the daemon does not answer",
                    metadata: ["part": "\(part.name)", "for": "\(patience / 2)"])
                return false
            }
            while let answered = await group.next(), !answered {}
            group.cancelAll()
        }
    }
}
