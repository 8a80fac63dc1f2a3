internal import ArgumentParser
internal import ControlAPI
internal import ControlClient

struct SystemReload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Read the daemon's configuration again; tell what changed and what needs a restart.")

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let report = try await global.client.reload()
        try global.show(report) { Self.text(report) }
    }

    static func text(_ report: ReloadReport) -> String {
        guard !report.changes.isEmpty else { return "Nothing has changed.\n" }
        var table = Table(["SETTING", "FROM", "TO", "IN FORCE"])
        for change in report.changes {
            table.append([
                change.setting, change.from, change.to, change.applied ? "now" : "after a restart",
            ])
        }
        return table.text
    }
}
