internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Core

struct Logs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what a function's instances wrote to stdout and stderr.")

    @OptionGroup var global: GlobalOptions
    @Argument(help: "NAME or NAME.NAMESPACE.") var name: String
    @Flag(name: [.short, .long], help: "Go on with what is written from now.") var follow = false
    @Option(help: "Only the last N lines.") var tail: Int?
    @Option(help: "Only lines of the last DURATION (5m), or since a time (2026-11-21T01:48:42Z).")
    var since: String?
    @Option(help: "Only this instance.") var instance: String?
    @Flag(name: [.short, .long], help: "Show the time of each line.") var timestamps = false

    func run() async throws {
        let key = try FunctionArgument.parse(name).key
        let query = try query(now: ToolContext.current.now())
        let client = global.client
        let format = global.output
        let showTime = timestamps
        try await Explanation.suggesting(key, client) {
            try await client.logs(key, query) { line in try Self.show(line, format, showTime) }
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

    private static func show(_ line: LogLine, _ format: OutputFormat, _ showTime: Bool) throws {
        let context = ToolContext.current
        switch format {
        case .table: try context.output(showTime ? "\(line.at) \(line.text)\n" : "\(line.text)\n")
        case .json: try context.outputBytes([UInt8](ControlCoding.encode(line)) + [UInt8(ascii: "\n")])
        case .yaml: try context.output("---\n" + GlobalOptions.yaml(line))
        }
    }
}
