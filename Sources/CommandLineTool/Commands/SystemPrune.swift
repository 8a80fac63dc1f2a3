internal import ArgumentParser
internal import ControlAPI
internal import ControlClient

struct SystemPrune: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Give back to the disk what nothing needs.",
        discussion: """
            Removes content that no revision uses and the logs of instances that are gone; with --all also revisions that \
            take no requests and that 'rollout undo' would not go back to.
            """)

    @OptionGroup var global: GlobalOptions
    @Flag(name: [.short, .long], help: "Also old revisions.") var all = false
    @Flag(help: "Only tell what would be removed.") var dryRun = false
    @Flag(name: [.short, .long], help: "Do not ask.") var yes = false

    func validate() throws {
        if dryRun, yes { throw ValidationError("--dry-run and --yes exclude each other") }
    }

    func run() async throws {
        let client = global.client
        if !dryRun, !yes { try await ask(client) }
        let request = PruneRequest(revisions: all, dryRun: dryRun)
        let result = try await Progress.during("looking for what nothing needs") { _ in
            try await client.prune(request)
        }
        let isDryRun = dryRun
        try global.show(result) { Self.text(result, isDryRun ? "would be removed" : "removed") }
    }

    private func ask(_ client: ControlClient) async throws {
        let unasked = "nothing was removed: say --yes where nobody can be asked, or --dry-run to look"
        guard ToolContext.current.inputIsTerminal() else { throw ToolFailure(unasked) }
        let plan = try await client.prune(PruneRequest(revisions: all, dryRun: true))
        try Confirmation.ask(
            Self.text(plan, "would be removed") + "Remove it?", unasked: unasked,
            refused: "nothing was removed")
    }

    private static func text(_ result: PruneResult, _ verb: String) -> String {
        var text = result.revisions.map { "\($0): \(verb)\n" }.joined()
        let content = Size.text(UInt64(max(0, result.contentBytes)))
        let logs = Size.text(UInt64(max(0, result.logBytes)))
        text += "\(result.contents) root filesystems, \(content): \(verb)\n"
        return text + "\(result.logs) log files of instances that are gone, \(logs): \(verb)\n"
    }
}
