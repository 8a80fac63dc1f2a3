internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Core

struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell why a function is cold, slow or failing, and what to do about it.")

    @OptionGroup var global: GlobalOptions
    @Argument(help: "NAME or NAME.NAMESPACE.", completion: Completion.functions) var name: String

    private struct Explained: Encodable {
        var function: FunctionView
        var findings: [Finding]
        var lastFailure: FailureView?
        /// The newest ones, oldest first.
        var events: [EventView]
    }

    private static let eventsRead = 500
    private static let eventsShown = 8

    func run() async throws {
        let key = try FunctionArgument.parse(name).key
        let client = global.client
        let detail = try await Explanation.suggesting(key, client) { try await client.describe(key) }
        let events = try await client.eventList(EventQuery(function: key, limit: Self.eventsRead))
        let findings = Diagnosis(detail: detail, events: events, now: ToolContext.current.now()).findings
        let explained = Explained(
            function: detail.function, findings: findings, lastFailure: detail.lastFailure,
            events: Array(events.suffix(Self.eventsShown)))
        try global.show(explained) { Self.text(explained) }
    }

    private static func text(_ explained: Explained) -> String {
        let function = explained.function
        var text = "\(function.name).\(function.namespace) is \(function.status.rawValue)"
        text += function.revision.map { ", revision \($0)\n" } ?? "\n"
        for finding in explained.findings {
            text += "\n\(finding.topic.rawValue): \(Cell.plain(finding.says))\n"
            for line in finding.details { text += "  \(Cell.plain(line))\n" }
            if let advice = finding.advice { text += "  -> \(Cell.plain(advice))\n" }
        }
        if !explained.events.isEmpty {
            text += "\nLately\n" + explained.events.map { "  " + Events.line($0) }.joined()
        }
        return text
    }
}

extension ControlClient {
    /// Events that are kept, oldest first.
    func eventList(_ query: EventQuery) async throws -> [EventView] {
        let (stream, continuation) = AsyncStream.makeStream(of: EventView.self)
        try await events(EventRequest(query: query)) { continuation.yield($0) }
        continuation.finish()
        return await stream.reduce(into: []) { $0.append($1) }
    }
}
