internal import CLinux
internal import FoundationEssentials
internal import Glibc
internal import LinuxSystem

enum LogFormat: String, Sendable, CaseIterable { case text, json }

enum LogLevel: Int, Sendable, Comparable, CaseIterable {
    case error, warning, info, debug

    /// As other runtimes name them.
    init?(name: String) {
        switch name {
        case "panic", "fatal", "error": self = .error
        case "warn", "warning": self = .warning
        case "info": self = .info
        case "debug", "trace": self = .debug
        default: return nil
        }
    }

    var name: String { "\(self)" }

    static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// Where the runtime tells what went wrong: an engine's log file, and standard error, where an engine takes what is shown to
/// people.
struct RuntimeLog: Sendable {
    var path: String?
    var format = LogFormat.text
    var least = LogLevel.warning

    private struct Line: Encodable {
        let level: String
        let msg: String
        let time: String
    }

    func write(_ level: LogLevel, _ message: String) {
        guard level <= least else { return }
        if level <= .warning {
            StandardError.write("torpor-oci: \(level == .warning ? "warning: " : "")\(message)\n")
        }
        guard let path else { return }
        let line = Line(level: level.name, msg: message, time: ContainerRecord.now())
        guard let file = try? File.open(path, flags: O_WRONLY | O_APPEND | O_CREAT, mode: 0o644) else {
            return
        }
        _ = try? File.write(Array(text(of: line).utf8) + [10], to: file.raw)
    }

    private func text(of line: Line) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        func json(_ value: some Encodable) -> String {
            (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
        }
        switch format {
        case .json: return json(line)
        case .text: return "time=\"\(line.time)\" level=\(line.level) msg=\(json(line.msg))"
        }
    }
}
