internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Core

struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List functions.", aliases: ["ls", "ps"])

    @OptionGroup var global: GlobalOptions
    @OptionGroup var filter: NamespaceFilter
    @Flag(name: [.short, .long], help: "Only names.") var quiet = false

    func run() async throws {
        let client = global.client
        let functions = try await client.list(namespace: try filter.name())
        if functions.isEmpty { try await filter.requireKnown(client) }
        try global.show(FunctionList(functions: functions)) {
            quiet
                ? functions.map { Explanation.reference($0.name, $0.namespace) + "\n" }.joined()
                : Self.table(functions, now: ToolContext.current.now())
        }
    }

    static func table(_ functions: [FunctionView], now: Timestamp) -> String {
        if functions.isEmpty { return "no functions; deploy one with: torpor deploy NAME --bundle DIR\n" }
        var table = Table(
            ["NAME", "NAMESPACE", "STATUS", "REVISION", "INSTANCES", "SCALE", "AGE"],
            yielding: ["AGE", "SCALE", "REVISION", "INSTANCES", "NAMESPACE"])
        for function in functions {
            table.append([
                function.name, function.namespace.description, function.status.rawValue,
                function.revision ?? "-", instances(function.instances), scale(function.scale),
                Span.text(seconds: now.unixSeconds - function.createdAt.unixSeconds),
            ])
        }
        return table.text
    }

    /// `2 ready, 1 frozen`.
    static func instances(_ counts: InstanceCounts) -> String {
        let parts = [
            ("creating", counts.creating), ("starting", counts.starting), ("ready", counts.ready),
            ("frozen", counts.frozen), ("draining", counts.draining),
        ].filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" }
        return parts.isEmpty ? "0" : parts.joined(separator: ", ")
    }

    static func scale(_ target: ScaleTarget) -> String {
        switch target {
        case .auto: "auto"
        case .count(let count): "\(count)"
        }
    }
}
