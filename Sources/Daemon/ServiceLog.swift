internal import LinuxSystem
package import Logging

/// Structured lines on stderr. Under systemd each begins with its priority (sd-daemon(3)) and the journal adds the time;
/// elsewhere with the time.
package struct ServiceLog: LogHandler {
    package var metadata: Logger.Metadata = [:]
    private let shared: LogLevel
    /// Of this logger alone, where it was set.
    private var own: Logger.Level?
    private let isJournal: Bool

    /// - Parameter level: of every logger that has none of its own; it may change at any time.
    package init(level: LogLevel, isJournal: Bool) {
        shared = level
        self.isJournal = isJournal
    }

    package var logLevel: Logger.Level {
        get { own ?? shared.current }
        set { own = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { _, new in new }
            .sorted { $0.key < $1.key }
            .map { " \($0.key)=\(Self.quoted("\($0.value)"))" }.joined()
        let head = isJournal ? "<\(Self.priority(event.level))>" : "\(TimeText.now()) \(event.level) "
        StandardError.write("\(head)\(Self.oneLine("\(event.message)"))\(fields)\n")
    }

    /// syslog(3) severities.
    private static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    private static func oneLine(_ text: String) -> String {
        String(text.map { $0.isNewline ? " " : $0 })
    }

    private static func quoted(_ text: String) -> String {
        let plain = text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3d && $0 != 0x7f }
        return plain && !text.isEmpty ? text : "\"\(oneLine(text).replacing("\"", with: "'"))\""
    }
}
