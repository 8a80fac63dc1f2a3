package import LinuxSystem
package import Logging

/// Structured lines on stderr; under systemd, entries of its journal, where each `key=value` is a field `TORPOR_KEY`,
/// too. Where the journal does not take an entry, it is a line that begins with its priority (sd-daemon(3)). An entry that
/// the journal has no room for is lost, and the next one that it takes is followed by how many were.
package struct ServiceLog: LogHandler {
    package var metadata: Logger.Metadata = [:]
    private let shared: LogLevel
    /// Of this logger alone, where it was set.
    private var own: Logger.Level?
    private let journal: JournalSocket?

    /// - Parameters:
    ///   - level: of every logger that has none of its own; it may change at any time.
    ///   - journal: nil where stderr is something else.
    package init(level: LogLevel, journal: JournalSocket?) {
        shared = level
        self.journal = journal
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
            .map { (name: $0.key, value: "\($0.value)") }
        let text =
            Self.oneLine("\(event.message)")
            + fields.map { " \($0.name)=\(Self.quoted($0.value))" }.joined()
        guard let journal else {
            return StandardError.write("\(TimeText.now()) \(event.level) \(text)\n")
        }
        let isTaken = Self.send(
            text, event.level, fields.map { (name: Self.fieldName($0.name), value: $0.value) }, to: journal)
        guard isTaken else { return }
        let lost = journal.takeUntold()
        if lost > 0 {
            let count = "\(lost)"
            let isTold = Self.send(
                "the journal took no more for a while: entries were lost count=\(count)", .warning,
                [(name: Self.fieldName("count"), value: count)], to: journal)
            if !isTold { journal.putBack(lost) }
        }
    }

    /// Never waits: a journal that stands still holds nobody up.
    /// - Returns: whether it was taken.
    private static func send(
        _ text: String, _ level: Logger.Level, _ fields: [(name: String, value: String)],
        to journal: JournalSocket
    ) -> Bool {
        let priority = priority(level)
        let entry =
            [
                (name: "MESSAGE", value: text), (name: "PRIORITY", value: "\(priority)"),
                (name: "SYSLOG_IDENTIFIER", value: "torpord"),
            ] + fields
        do { return try journal.send(entry) } catch {
            // Standard error is the journal's stream (`isStandardError`).
            let isTaken = StandardError.sendNow("<\(priority)>\(text)\n")
            if !isTaken { journal.lose() }
            return isTaken
        }
    }

    /// `revision` is TORPOR_REVISION, as the journal's fields are named (systemd.journal-fields(7)).
    private static func fieldName(_ key: String) -> String {
        "TORPOR_"
            + String(
                key.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }.prefix(57))
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
