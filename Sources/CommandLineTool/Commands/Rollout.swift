internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Core

struct Rollout: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at a function's revisions, and go back to an earlier one.",
        subcommands: [RolloutHistory.self, RolloutUndo.self, RolloutStatus.self])
}

struct RolloutHistory: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "List revisions, each with what it changed.",
        discussion: "The newest \(Limits.revisionsKept) are kept.")

    @OptionGroup var global: GlobalOptions
    @Argument(help: "NAME or NAME.NAMESPACE.", completion: Completion.functions) var name: String

    private struct History: Encodable { var revisions: [RevisionView] }

    func run() async throws {
        let key = try FunctionArgument.parse(name).key
        let client = global.client
        let detail = try await Explanation.suggesting(key, client) { try await client.describe(key) }
        try global.show(History(revisions: detail.revisions)) {
            Self.text(detail.revisions, now: ToolContext.current.now())
        }
    }

    static func text(_ revisions: [RevisionView], now: Timestamp) -> String {
        var table = Table(["NUMBER", "REVISION", "STATE", "AGE", "CHANGED"], yielding: ["NUMBER", "AGE"])
        var earlier: RevisionView?
        for revision in revisions {
            table.append([
                "\(revision.number)", revision.name, revision.state.rawValue,
                Span.text(seconds: now.unixSeconds - revision.createdAt.unixSeconds),
                changes(earlier, revision),
            ])
            earlier = revision
        }
        return table.text
    }

    private static func changes(_ earlier: RevisionView?, _ revision: RevisionView) -> String {
        guard let earlier else { return "-" }
        var fields = FieldChange.between(earlier.spec, revision.spec).map(\.field)
        if earlier.rootfs != revision.rootfs { fields.append("content") }
        return fields.isEmpty ? "nothing" : fields.joined(separator: ", ")
    }
}

struct RolloutUndo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undo", abstract: "Deploy an earlier revision again, as a new one.",
        discussion: """
            Without --to it is the one that took requests before. The earlier revision owns its files: their folder \
            may have changed or gone since.
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "NAME or NAME.NAMESPACE.", completion: Completion.functions) var name: String
    @Option(help: "The revision, as hello-00003 or 3 ('torpor rollout history' lists them).")
    var to: String?
    @Flag(help: "Do not wait until the revision takes requests.") var noWait = false

    func run() async throws {
        let key = try FunctionArgument.parse(name).key
        let to = try to.map { try Self.number($0, of: key) }
        let client = global.client
        let before = try await Explanation.suggesting(key, client) { try await client.describe(key).function }
        let request = UndoRequest(revision: to, ifGeneration: before.generation, wait: !noWait)
        let function = try await Rollouts.explaining(key, client) {
            try await Progress.during("going back") { _ in try await client.undo(key, request) }
        }
        let isNew = function.generation != before.generation
        let model = isNew ? try? await Rollouts.model(of: client.describe(key)) : nil
        try global.show(function) {
            guard isNew else {
                return "\(key): \(function.revision ?? function.latestRevision) runs already\n"
            }
            let earlier = to.map { RevisionID(function: key, number: $0).name } ?? model?.name
            return "\(key): \(Rollouts.outcome(function, before: before.generation))"
                + (earlier.map { "; it is \($0) again\n" } ?? "\n")
        }
    }

    /// `3`, or `hello-00003`.
    private static func number(_ text: String, of key: FunctionKey) throws -> Int {
        let digits = text.hasPrefix("\(key.name)-") ? String(text.dropFirst(key.name.count + 1)) : text
        guard let number = Int(digits), number >= 1, digits.allSatisfy(\.isNumber) else {
            throw ValidationError(
                "--to: \(text.prefix(80)) is no revision of \(key) (a number from 1, or as \(key.name)-00001)"
            )
        }
        return number
    }
}

struct RolloutStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Wait until the newest revision takes requests; 1 when it failed to come up.")

    @OptionGroup var global: GlobalOptions
    @Argument(help: "NAME or NAME.NAMESPACE.", completion: Completion.functions) var name: String
    @OptionGroup var wait: WaitOption

    func run() async throws {
        let key = try FunctionArgument.parse(name).key
        let client = global.client
        let detail = try await wait.poll {
            try await Explanation.suggesting(key, client) { try await client.describe(key) }
        } until: {
            $0.revisions.last?.state != .starting
        }
        guard let newest = detail.revisions.last else { throw ToolFailure("\(key) has no revision") }
        try global.show(newest) { "\(key): \(newest.name) \(Self.words(newest.state))\n" }
        try Self.check(newest, detail)
    }

    private static func words(_ state: RevisionView.State) -> String {
        switch state {
        case .active: "takes requests"
        case .starting: "is being brought up"
        case .failed: "did not come up"
        case .retired: "was replaced"
        }
    }

    private static func check(_ newest: RevisionView, _ detail: FunctionDetail) throws {
        switch newest.state {
        case .active, .retired: return
        case .starting: throw ToolFailure("\(newest.name) is still being brought up")
        case .failed:
            let failure = detail.lastFailure.map { "\n" + Explanation.text(of: $0) } ?? ""
            let active = detail.function.revision.map { "; \($0) goes on" } ?? ""
            throw ToolFailure("\(newest.name) did not come up\(active)\(failure)")
        }
    }
}
