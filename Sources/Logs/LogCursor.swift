internal import Core

/// Reads one instance's log forwards, a piece of a file at a time: what it holds does not grow with the log.
struct LogCursor: Sendable {
    let instance: String
    /// What is left to be read, the oldest first.
    private var segments: ArraySlice<LogSegment>
    /// Of the first segment, how much has been taken into `buffer`.
    private var offset: Int
    private var buffer: ArraySlice<UInt8> = []
    private var line: ArraySlice<UInt8> = []
    /// Of the entry that is next; nil at the end.
    private(set) var head: LogHead?

    /// Bytes that are read at once: more than the longest line has.
    private static let piece = 2 * Limits.logLineBytes

    /// - Parameter start: where in the first segment a line begins.
    init(_ segments: [LogSegment], from start: Int, instance: String) {
        self.instance = instance
        self.segments = segments[...]
        offset = start
        advance()
    }

    var entry: LogEntry? { head.map { LogEntry(line: line, head: $0, instance: instance) } }

    /// Goes on to the next entry.
    mutating func advance() {
        head = nil
        while head == nil {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                line = buffer[..<end]
                buffer = buffer[(end + 1)...]
                head = LogHead(line: line)
            } else if !fill() {
                return
            }
        }
    }

    private mutating func fill() -> Bool {
        guard var segment = segments.first else { return false }
        let bytes = segment.read(at: offset, count: Self.piece)
        segments[segments.startIndex] = segment
        offset += bytes.count
        if bytes.isEmpty {
            // What comes after the last newline was being written.
            buffer = []
            offset = 0
            segments.removeFirst()
        } else {
            buffer = ArraySlice(Array(buffer) + bytes)
        }
        return true
    }
}

/// Where in an instance's log a query begins.
struct LogStart: Sendable {
    let segments: [LogSegment]
    let offset: Int
    /// Entries from there to the query's end.
    let entries: Int

    /// Looks backwards, one file at a time, for the last `limit` entries between two moments.
    init(_ all: [LogSegment], limit: Int, since: LogTime?, until: LogTime?) {
        var (found, index, offset) = (0, all.count, 0)
        search: for current in all.indices.reversed() where found < limit {
            var segment = all[current]
            let bytes = segment.read(at: 0, count: segment.size)
            guard var end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { continue }
            while found < limit {
                let start = bytes[..<end].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
                if let head = LogHead(line: bytes[start..<end]) {
                    if let since, head.time < since { break search }
                    if until.map({ head.time <= $0 }) ?? true {
                        found += 1
                        (index, offset) = (current, start)
                    }
                }
                if start == 0 { break }
                end = start - 1
            }
        }
        segments = Array(all[index...])
        self.offset = offset
        entries = found
    }
}
