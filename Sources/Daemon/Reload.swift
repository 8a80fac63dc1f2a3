internal import ControlAPI
internal import Core
internal import LinuxSystem
internal import Logging
internal import ServiceLifecycle
internal import Synchronization
internal import UnixSignals

/// The configuration in force. Reading it again changes what can be changed while the daemon runs, and tells the rest; one
/// that cannot be read changes nothing.
final class LiveConfiguration: Sendable {
    private let current: CurrentConfiguration
    private let turn = Mutex<Void>(())
    private let logLevel: LogLevel
    private let notification: ServiceNotification
    private let logger: Logger
    private let status: String
    private let read: @Sendable () throws -> Configuration

    /// - Parameters:
    ///   - status: what the service manager shows of a daemon that serves.
    ///   - read: reads all its sources anew.
    init(
        _ current: CurrentConfiguration, logLevel: LogLevel, notification: ServiceNotification,
        logger: Logger, status: String, read: @escaping @Sendable () throws -> Configuration
    ) {
        self.current = current
        self.logLevel = logLevel
        self.notification = notification
        self.logger = logger
        self.status = status
        self.read = read
    }

    /// - Throws: `ControlError` that says what is wrong with the new one; the old one stays in force.
    func reload() throws(ControlError) -> ReloadReport {
        tell { () throws(KernelError) in try notification.reloading() }
        let report: ReloadReport
        do {
            // One after the other: the last one to read is the last one to apply.
            report = try turn.withLock { _ in
                let new = try read()
                defer { logLevel.set(current.value.logLevel) }
                return try current.change { try Self.change(&$0, to: new) }
            }
        } catch {
            logger.error("the configuration stays as it was", metadata: ["error": "\(error)"])
            tell { () throws(KernelError) in
                try notification.ready(status: "\(status); the configuration was not reloaded: \(error)")
            }
            throw (error as? InvalidInput).map { ControlError($0) } ?? ControlError(.internal, "\(error)")
        }
        logger.notice("the configuration was reloaded", metadata: ["changes": "\(report.summary)"])
        let waiting = report.changes.filter { !$0.applied }.map(\.setting)
        let note = waiting.isEmpty ? "" : "; needs a restart: \(waiting.joined(separator: ", "))"
        tell { () throws(KernelError) in try notification.ready(status: status + note) }
        return report
    }

    /// What needs a restart stays as it is, and so is told again by the next reload.
    private static func change(
        _ current: inout Configuration, to new: Configuration
    ) throws -> ReloadReport {
        var changes: [ReloadReport.Change] = []
        for setting in ConfigurationSetting.allCases {
            let (from, to) = (setting.text(in: current), setting.text(in: new))
            guard from != to else { continue }
            changes.append(
                ReloadReport.Change(
                    setting: setting.rawValue, from: Self.oneLine(from), to: Self.oneLine(to),
                    applied: setting.isLive))
            if setting.isLive { try setting.apply(to, to: &current) }
        }
        return ReloadReport(changes: changes)
    }

    /// A list has a line for each.
    private static func oneLine(_ text: String) -> String {
        text.isEmpty ? "none" : text.replacing("\n", with: ", ")
    }

    private func tell(_ message: () throws(KernelError) -> Void) {
        do {
            try message()
        } catch {
            logger.warning("the service manager could not be told", metadata: ["error": "\(error)"])
        }
    }
}

/// Reloads the configuration at SIGHUP.
struct ReloadService: Service {
    let configuration: LiveConfiguration

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        for await _ in signals.cancelOnGracefulShutdown() {
            // Logged where it happens.
            _ = try? configuration.reload()
        }
    }
}
