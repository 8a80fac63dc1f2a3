internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Core
internal import Synchronization

struct Events: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Show what happened: deployed, started, froze, woke, failed, stopped, scaled, held, removed.",
        discussion:
            "The newest \(Limits.eventsKept) events of the host are kept, also of functions that are gone.")

    @OptionGroup var global: GlobalOptions
    @Argument(help: "Only of this function: NAME or NAME.NAMESPACE.", completion: Completion.functions)
    var name: String?
    @Flag(name: [.short, .long], help: "Go on with what happens from now.") var follow = false
    @OptionGroup var filter: NamespaceFilter
    @Option(help: "Only of this kind.") var kind: EventKind?
    @Option(help: "Only the last N events.") var tail = 100
    @Option(help: "Only events of the last DURATION (5m), or since a time (2026-11-21T01:48:42Z).")
    var since: String?

    func run() async throws {
        let request = try request(now: ToolContext.current.now())
        let format = global.output
        let context = ToolContext.current
        let client = global.client
        let shown = Atomic<Bool>(false)
        @Sendable func showHeader() throws {
            if format == .table, !shown.exchange(true, ordering: .relaxed) { try context.output(Self.header) }
        }
        if follow { try showHeader() }
        try await client.events(request) { event in
            try showHeader()
            switch format {
            case .table: try context.output(Self.line(event))
            case .json: try context.outputBytes([UInt8](ControlCoding.encode(event)) + [UInt8(ascii: "\n")])
            case .yaml: try context.output("---\n" + GlobalOptions.yaml(event))
            }
            shown.store(true, ordering: .relaxed)
        }
        guard !shown.load(ordering: .relaxed) else { return }
        try await filter.requireKnown(client)
        let whose = request.query.function.map { " of \($0)" } ?? ""
        if format == .table { try context.output("no events\(whose)\n") }
    }

    func request(now: Timestamp) throws -> EventRequest {
        var query = EventQuery(kind: kind, limit: tail)
        guard (0...Limits.eventsKept).contains(tail) else {
            throw ValidationError("--tail: \(tail) is out of range (0 to \(Limits.eventsKept))")
        }
        query.function = try name.map { try FunctionArgument.parse($0).key }
        query.namespace = try filter.name()
        query.since = try since.map { try Moment.parse($0, option: "--since", now: now).unixNanoseconds }
        return EventRequest(query: query, follow: follow)
    }

    // Columns of a fixed width: what comes later is not known when the first line is shown.
    private static let header = row("TIME", "KIND", "FUNCTION", "INSTANCE", "WHAT") + "\n"

    static func line(_ event: EventView) -> String {
        let missing = event.skipped.map {
            "[\($0) events skipped: this reader is too slow; the log has them]\n"
        }
        let time = event.milliseconds.map { " (\(Span.text(milliseconds: $0)))" } ?? ""
        let message = Cell.plain(event.message)
        // A message that begins with the revision has said which.
        let revision = event.revision.flatMap { message.hasPrefix("\($0) ") ? nil : $0 }
        let what = [revision, event.cause, message].compactMap(\.self).joined(separator: ": ") + time
        let row = row(
            event.at.toSeconds, event.kind.rawValue, Explanation.reference(event.name, event.namespace),
            event.instance?.description ?? "-", what)
        return (missing ?? "") + row + (event.callID.map { " (call \(Cell.plain($0)))" } ?? "") + "\n"
    }

    private static func row(
        _ time: String, _ kind: String, _ name: String, _ instance: String, _ what: String
    ) -> String {
        [(time, 20), (kind, 9), (name, 16), (instance, 12)].map { text, width in
            text + String(repeating: " ", count: max(0, width - text.count)) + "  "
        }.joined() + what
    }
}

extension EventKind: ExpressibleByArgument {}

extension Timestamp {
    /// Without its fraction, as people read it.
    var toSeconds: String { Timestamp(unixSeconds: unixSeconds).description }
}

/// A moment as an option: a time, or how long ago.
enum Moment {
    static func parse(_ text: String, option: String, now: Timestamp) throws -> Timestamp {
        if let time = Timestamp(text) { return time }
        let span = try usage(option) { () throws(InvalidInput) in try DurationText.parse(text) }
        return Timestamp(unixNanoseconds: now.unixNanoseconds - span.nanoseconds)
    }
}
