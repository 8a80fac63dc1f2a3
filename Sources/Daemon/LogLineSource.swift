internal import ControlAPI
internal import Core
internal import Logs

/// What the control API asks of the logs.
struct LogLineSource: Sendable {
    let logs: LogCollector

    func lines(of function: FunctionKey, _ query: LogQuery) async -> LogLines {
        let since = query.since.map { LogTime(microseconds: $0.unixNanoseconds / 1000) }
        guard query.follow else {
            let kept = logs.read(
                function: function, instance: query.instance, tail: query.tail, since: since)
            return LinesOfLog(kept: kept, live: nil)
        }
        let (kept, live) = await logs.follow(
            function: function, instance: query.instance, tail: query.tail, since: since)
        return LinesOfLog(kept: kept, live: live)
    }
}

/// First what is kept, then what comes, one at a time: a slow reader holds back nothing but itself.
private struct LinesOfLog: AsyncSequence, Sendable {
    let kept: LogPages
    let live: AsyncStream<LogEvent>?

    struct AsyncIterator: AsyncIteratorProtocol {
        /// Nil when all of them were given.
        var kept: LogPages.AsyncIterator?
        var page: ArraySlice<LogEntry> = []
        var live: AsyncStream<LogEvent>.AsyncIterator?
        var last: LogLine?

        mutating func next() async throws -> LogLine? { try await next(isolation: nil) }

        mutating func next(isolation actor: isolated (any Actor)?) async throws(any Error) -> LogLine? {
            while kept != nil {
                while let entry = page.popFirst() { if let line = told(entry) { return line } }
                if let next = try await kept?.next() { page = next[...] } else { kept = nil }
            }
            while let event = await live?.next(isolation: actor) {
                switch event {
                case .entry(let entry): if let line = told(entry) { return line }
                case .skipped(let count):
                    guard let last else { continue }
                    return LogLine(
                        at: last.at, instance: last.instance, stream: .stderr,
                        text: "[\(count) lines skipped: this reader is too slow; the log has them]")
                }
            }
            return nil
        }

        private mutating func told(_ entry: LogEntry) -> LogLine? {
            guard let line = LogLine(entry) else { return nil }
            last = line
            return line
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(kept: kept.makeAsyncIterator(), live: live?.makeAsyncIterator())
    }
}

extension LogLine {
    fileprivate init?(_ entry: LogEntry) {
        guard let instance = InstanceID(entry.instance) else { return nil }
        self.init(
            at: Timestamp(unixNanoseconds: entry.time.microseconds * 1000), instance: instance,
            stream: entry.stream == .stdout ? .stdout : .stderr, text: entry.text,
            continues: entry.continues ? true : nil)
    }
}
