/// One line that an instance wrote.
///
/// On disk: `2026-01-01T00:00:00.000000Z stdout text` and a newline. A `+` after the stream says that the line goes on
/// in the stream's next entry (it was longer than `Limits.logLineBytes`, or waited for its end too long). The text is
/// kept byte for byte; only readers make UTF-8 of it. Stream `torpor` is the collector's own: what was lost, and why.
package struct LogEntry: Sendable, Hashable {
    package enum Stream: String, Sendable, Hashable {
        case stdout, stderr, torpor
    }

    package let time: LogTime
    package let instance: String
    package let stream: Stream
    /// Invalid UTF-8 and control characters other than tabs are replaced by U+FFFD: safe for a terminal.
    package let text: String
    /// Whether the line goes on in the stream's next entry.
    package let continues: Bool

    package init(time: LogTime, instance: String, stream: Stream, text: String, continues: Bool) {
        self.time = time
        self.instance = instance
        self.stream = stream
        self.text = text
        self.continues = continues
    }

    /// Reads a line of a file, without its newline; nil for what no collector wrote.
    init?(line: ArraySlice<UInt8>, instance: String) {
        guard let head = LogHead(line: line) else { return nil }
        self.init(line: line, head: head, instance: instance)
    }

    init(line: ArraySlice<UInt8>, head: LogHead, instance: String) {
        self.init(
            time: head.time, instance: instance, stream: head.stream,
            text: LogEntry.readable(line[head.text...]), continues: head.continues)
    }

    /// Appends the line as it stands on disk.
    static func append(
        to output: inout [UInt8], time: [UInt8], stream: Stream, text: UnsafeRawBufferPointer, continues: Bool
    ) {
        output.append(contentsOf: time)
        output.append(UInt8(ascii: " "))
        output.append(contentsOf: stream.rawValue.utf8)
        if continues { output.append(UInt8(ascii: "+")) }
        output.append(UInt8(ascii: " "))
        output.append(contentsOf: text)
        output.append(UInt8(ascii: "\n"))
    }

    /// What a person may safely see of some bytes.
    static func readable(_ bytes: ArraySlice<UInt8>) -> String {
        if bytes.allSatisfy({ (32..<127).contains($0) || $0 == 9 }) {
            return String(decoding: bytes, as: UTF8.self)
        }
        var text = ""
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            let isControl = (scalar.value < 32 && scalar != "\t") || (127..<160).contains(scalar.value)
            // Also what changes the direction of the text after it.
            let isDirection =
                (0x202a...0x202e).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
            text.unicodeScalars.append(isControl || isDirection ? "\u{fffd}" : scalar)
        }
        return text
    }
}

/// What stands before the text of a line on disk.
struct LogHead: Sendable {
    let time: LogTime
    let stream: LogEntry.Stream
    let continues: Bool
    /// Where the text begins.
    let text: Int

    /// nil for what no collector wrote.
    init?(line: ArraySlice<UInt8>) {
        guard line.count > LogTime.length, let time = LogTime(line.prefix(LogTime.length)) else { return nil }
        let rest = line.dropFirst(LogTime.length + 1)
        guard let space = rest.firstIndex(of: UInt8(ascii: " ")) else { return nil }
        var tag = rest[rest.startIndex..<space]
        let continues = tag.last == UInt8(ascii: "+")
        if continues { tag.removeLast() }
        guard let stream = LogEntry.Stream(rawValue: String(decoding: tag, as: UTF8.self)) else { return nil }
        self.time = time
        self.stream = stream
        self.continues = continues
        text = space + 1
    }
}
