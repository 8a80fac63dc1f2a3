internal import Core
internal import LinuxSystem

/// Which entries of a function's logs.
struct LogSelection: Sendable {
    let function: String
    /// nil for all of the function.
    let instance: String?
    /// Only the last ones; nil for all.
    let tail: Int?
    /// The first and the last moment; nil for all.
    let since: LogTime?
    let until: LogTime?
}

/// Finds and merges what is kept of a function's instances by time, page by page. Blocks: it runs on the collector's
/// reading thread.
struct LogReader: Sendable {
    private var cursors: [LogCursor]
    /// Entries that are not among the last ones that were asked for.
    private var surplus: Int
    private let until: LogTime?

    init(_ selection: LogSelection, in directory: LogDirectory) {
        let instances =
            selection.instance.map { [$0] } ?? directory.instances(function: selection.function)
        let isWhole = selection.tail == nil && selection.since == nil
        var found = 0
        cursors = []
        for instance in instances {
            guard let place = directory.file(instance: instance, function: selection.function) else {
                continue
            }
            let segments = LogSegment.all(of: place)
            if isWhole {
                cursors.append(LogCursor(segments, from: 0, instance: instance))
                continue
            }
            let start = LogStart(
                segments, limit: selection.tail ?? .max, since: selection.since, until: selection.until)
            found += start.entries
            cursors.append(LogCursor(start.segments, from: start.offset, instance: instance))
        }
        surplus = selection.tail.map { max(0, found - $0) } ?? 0
        until = selection.until
        cursors.removeAll { $0.head == nil }
    }

    /// The next entries, oldest first; none at the end.
    mutating func page() -> [LogEntry] {
        var entries: [LogEntry] = []
        var bytes = 0
        while entries.count < Limits.logPageEntries, bytes < Limits.logPageBytes {
            guard let index = cursors.indices.min(by: { time($0) < time($1) }) else { break }
            if let until, time(index) > until { break }
            if surplus > 0 {
                surplus -= 1
            } else if let entry = cursors[index].entry {
                bytes += entry.text.utf8.count
                entries.append(entry)
            }
            cursors[index].advance()
            if cursors[index].head == nil { cursors.remove(at: index) }
        }
        return entries
    }

    private func time(_ index: Int) -> LogTime {
        cursors[index].head?.time ?? LogTime(microseconds: .max)
    }
}

/// Entries that are kept, page by page, oldest first. A page is read when it is asked for: a slow reader holds up
/// nothing, and costs what one page does.
package struct LogPages: AsyncSequence, Sendable {
    let reading: WorkerThread
    let directory: LogDirectory
    let selection: LogSelection

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let pages: LogPages
        private var reader: LogReader?

        fileprivate init(_ pages: LogPages) { self.pages = pages }

        package mutating func next() async throws -> [LogEntry]? {
            let (selection, directory, begun) = (pages.selection, pages.directory, reader)
            let (page, after) = try await pages.reading.run {
                var reader = begun ?? LogReader(selection, in: directory)
                return (reader.page(), reader)
            }
            reader = after
            return page.isEmpty ? nil : page
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}
