internal import ArgumentParser
internal import Core
internal import FoundationEssentials

struct ListCommand: RuntimeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the containers below the runtime's root.")

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json }

    @ParentCommand var program: RuntimeProgram
    @Option(name: .shortAndLong, help: "How: table or json.") var format: Format = .table
    @Flag(name: .shortAndLong, help: "Their ids alone.") var quiet = false

    func perform(_ context: RuntimeContext) throws -> Int32 {
        var shown: [ShownState] = []
        for id in try context.root.ids() {
            // One may be removed, or not be made yet, while others are looked at.
            guard let directory = try context.root.find(id) else { continue }
            do { shown.append(ShownState(try directory.record())) } catch { context.warn("\(error)") }
        }
        if quiet {
            try context.output(shown.map { $0.id + "\n" }.joined())
        } else if format == .json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            try context.output(String(decoding: try encoder.encode(shown), as: UTF8.self) + "\n")
        } else {
            try context.output(Self.table(shown))
        }
        return 0
    }

    private static func table(_ shown: [ShownState]) -> String {
        let head = ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]
        let rows = [head] + shown.map { [$0.id, "\($0.pid)", $0.status, $0.bundle, $0.created, $0.owner] }
        let widths = head.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).map { text, width in
                text + String(repeating: " ", count: width - text.count)
            }
            let line = cells.joined(separator: "   ")
            return String(line.reversed().drop { $0 == " " }.reversed()) + "\n"
        }.joined()
    }
}
