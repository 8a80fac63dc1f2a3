internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Core
internal import Synchronization

struct Logs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what functions' instances wrote to stdout and stderr.",
        discussion: """
            The logs of the last \(Limits.logsKept) instances that are gone are kept too. Of several functions the \
            lines are in the order of their time, each with its function in front. A line over \(Limits.logLineBytes >> 10) \
            KiB, or one whose end comes late, comes in pieces, which the table joins; in JSON each but the last has \
            continues: true.
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "NAME or NAME.NAMESPACE; several are shown together.", completion: Completion.functions)
    var names: [String]
    @Flag(name: [.short, .long], help: "Go on with what is written from now.") var follow = false
    @Option(help: "Only the last N lines.") var tail: Int?
    @Option(help: "Only lines of the last DURATION (5m), or since a time (2026-11-21T01:48:42Z).")
    var since: String?
    @Option(help: "Only this instance.") var instance: String?
    @Flag(name: [.short, .long], help: "Show the time of each line.") var timestamps = false

    func run() async throws {
        let keys = try names.map { try FunctionArgument.parse($0).key }
        guard instance == nil || keys.count == 1 else {
            throw ValidationError("--instance: an instance is of one function; name that one alone")
        }
        let query = try query(now: ToolContext.current.now())
        let client = global.client
        let output = Output(format: global.output, showsTime: timestamps, keys)
        if keys.count == 1, let key = keys.first {
            let count = LineCount()
            try await Explanation.suggesting(key, client) {
                try await client.logs(key, query) { line in
                    count.add()
                    try output.show(line, of: key)
                }
            }
            if let instance, count.isZero { try await Self.requireKnown(instance, of: key, client) }
        } else if follow {
            try await Self.follow(keys, query, client, output)
        } else {
            try await Self.merge(keys, query, client, output)
        }
        try output.finish()
    }

    /// Lines as they come, whichever function they are of.
    private static func follow(
        _ keys: [FunctionKey], _ query: LogQuery, _ client: ControlClient, _ output: Output
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for key in keys {
                group.addTask {
                    try await Explanation.suggesting(key, client) {
                        try await client.logs(key, query) { try output.show($0, of: key) }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// What is kept of each, by time. A function's log is bounded, and so is this.
    private static func merge(
        _ keys: [FunctionKey], _ query: LogQuery, _ client: ControlClient, _ output: Output
    ) async throws {
        var lines: [(key: FunctionKey, line: LogLine)] = []
        for key in keys {
            let (stream, continuation) = AsyncStream.makeStream(of: LogLine.self)
            try await Explanation.suggesting(key, client) {
                try await client.logs(key, query) { continuation.yield($0) }
            }
            continuation.finish()
            for await line in stream { lines.append((key, line)) }
        }
        // Sorting is stable where times are equal: the lines of one function keep their order.
        let order = lines.indices.sorted { (lines[$0].line.at, $0) < (lines[$1].line.at, $1) }
        for index in order.suffix(query.tail ?? .max) {
            try output.show(lines[index].line, of: lines[index].key)
        }
    }

    /// An instance without a line is either silent or not remembered any more.
    private static func requireKnown(
        _ instance: String, of key: FunctionKey, _ client: ControlClient
    ) async throws {
        let detail = try await client.describe(key)
        let known = detail.instances.map(\.id) + detail.past.prefix(Limits.logsKept).map(\.id)
        if !known.contains(where: { $0.description == instance }) {
            throw ToolFailure(
                "no log of instance \(instance) is kept; those of what runs and of the last \(Limits.logsKept) "
                    + "that are gone are: 'torpor describe \(Explanation.reference(key.name, key.namespace))'"
            )
        }
    }

    func query(now: Timestamp) throws -> LogQuery {
        var query = LogQuery(follow: follow)
        if let tail {
            guard (0...Limits.logQueryLines).contains(tail) else {
                throw ValidationError("--tail: \(tail) is out of range (0 to \(Limits.logQueryLines))")
            }
            query.tail = tail
        }
        if let instance {
            guard let id = InstanceID(instance) else {
                throw ValidationError(
                    "--instance: '\(instance)' is no instance ('torpor describe' shows them)")
            }
            query.instance = id
        }
        if let since { query.since = try Moment.parse(since, option: "--since", now: now) }
        return query
    }

    /// How lines are shown.
    private struct Output: Sendable {
        let format: OutputFormat
        let showsTime: Bool
        /// In front of each line; as wide as the widest, so that the lines begin below each other.
        private let names: [FunctionKey: String]
        private let open = OpenLine()

        init(format: OutputFormat, showsTime: Bool, _ keys: [FunctionKey]) {
            self.format = format
            self.showsTime = showsTime
            let references = keys.map { ($0, Explanation.reference($0.name, $0.namespace)) }
            let width = references.map(\.1.count).max() ?? 0
            let padded = references.map { key, text in
                (key, text + String(repeating: " ", count: width - text.count) + " | ")
            }
            names = keys.count > 1 ? Dictionary(padded) { first, _ in first } : [:]
        }

        /// A line with the function that it is of.
        private struct Shown: Encodable {
            var function: String
            var at: Timestamp
            var instance: InstanceID
            var stream: LogLine.Stream
            var text: String
            var continues: Bool?
        }

        func show(_ line: LogLine, of key: FunctionKey) throws {
            let context = ToolContext.current
            let shown = Shown(
                function: key.description, at: line.at, instance: line.instance, stream: line.stream,
                text: line.text, continues: line.continues)
            switch format {
            case .table:
                let prefix = (names[key] ?? "") + (showsTime ? "\(line.at) " : "")
                try open.join(line, of: key, prefix: prefix) { try context.output($0) }
            case .json: try context.outputBytes([UInt8](ControlCoding.encode(shown)) + [UInt8(ascii: "\n")])
            case .yaml: try context.output("---\n" + GlobalOptions.yaml(shown))
            }
        }

        /// Ends a line whose end has not come.
        func finish() throws { try open.end { try ToolContext.current.output($0) } }
    }
}

/// Shows a line that comes in pieces as one, unless another's line comes between two of them.
private final class OpenLine: Sendable {
    private struct Source: Equatable {
        var function: FunctionKey
        var instance: InstanceID
        var stream: LogLine.Stream
    }

    /// Whose line goes on.
    private let open = Mutex<Source?>(nil)

    func join(
        _ line: LogLine, of function: FunctionKey, prefix: String, _ write: (String) throws -> Void
    ) rethrows {
        let source = Source(function: function, instance: line.instance, stream: line.stream)
        let continues = line.continues ?? false
        try open.withLock { open in
            let start = open == source ? "" : (open == nil ? prefix : "\n" + prefix)
            open = continues ? source : nil
            try write(start + line.text + (continues ? "" : "\n"))
        }
    }

    func end(_ write: (String) throws -> Void) rethrows {
        try open.withLock { if $0 != nil { try write("\n") } }
    }
}

/// Whether anything came.
private final class LineCount: Sendable {
    private let lines = Atomic<Int>(0)
    func add() { lines.wrappingAdd(1, ordering: .relaxed) }
    var isZero: Bool { lines.load(ordering: .relaxed) == 0 }
}
