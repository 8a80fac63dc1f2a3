internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Core

/// What can be waited for.
enum Condition: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// An instance takes requests; a frozen one does, too: a request thaws it.
    case ready
    /// Every instance is frozen.
    case frozen
    /// No instance is left.
    case zero
    /// The function is removed.
    case gone

    /// - Parameter function: nil when there is no such function.
    func holds(for function: FunctionView?) -> Bool {
        switch self {
        case .ready: function?.status == .ready || function?.status == .frozen
        case .frozen: function?.status == .frozen
        case .zero: function.map { $0.instances.total == 0 } ?? false
        case .gone: function == nil
        }
    }
}

struct Wait: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Wait until a function is ready, frozen, at zero instances, or gone.",
        discussion: """
            A frozen function is ready, too: the next request thaws it. One that is asleep is not: the next request, or \
            'torpor scale', starts it.
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "NAME or NAME.NAMESPACE.", completion: Completion.functions) var name: String
    @Option(name: .customLong("for"), help: "What to wait for.") var condition: Condition
    @OptionGroup var wait: WaitOption

    func run() async throws {
        let key = try FunctionArgument.parse(name).key
        let client = global.client
        let first = try await Self.look(key, client, mayBeGone: condition == .gone)
        if first == nil { await Self.tellNeverThere(key, client) }
        let detail = try await wait.poll {
            try await Self.look(key, client, mayBeGone: condition == .gone)
        } until: {
            condition.holds(for: $0?.function)
        }
        guard condition.holds(for: detail?.function) else {
            let isNew = detail?.lastFailure != first?.lastFailure
            throw Self.timedOut(
                key, condition, try wait.limit(), detail?.function, isNew ? detail?.lastFailure : nil)
        }
        let status = detail?.function.status
        let waited = Waited(
            function: key.description, condition: condition.rawValue, status: status?.rawValue)
        try global.show(waited) {
            condition == .ready && status == .frozen
                ? "\(key): ready, frozen: the next request thaws it\n" : "\(key): \(condition.rawValue)\n"
        }
    }

    private struct Waited: Encodable {
        var function: String
        var condition: String
        /// What it is; nil when it is gone.
        var status: String?
    }

    /// Whoever waits for what never was may have misspelt it.
    private static func tellNeverThere(_ key: FunctionKey, _ client: ControlClient) async {
        let names = ((try? await client.list(namespace: nil)) ?? []).map {
            Explanation.reference($0.name, $0.namespace)
        }
        let near = Nearest.match(Explanation.reference(key.name, key.namespace), among: names)
        let hint = near.map { "; did you mean '\($0)'?" } ?? ""
        ToolContext.current.errorOutput("torpor: there was no function '\(key)'\(hint)\n")
    }

    private static func look(
        _ key: FunctionKey, _ client: ControlClient, mayBeGone: Bool
    ) async throws -> FunctionDetail? {
        do {
            return try await client.describe(key)
        } catch ClientError.refused(let error) where error.kind == .notFound && mayBeGone {
            return nil
        } catch ClientError.refused(let error) where error.kind == .notFound {
            return try await Explanation.suggesting(key, client) {
                throw ClientError.refused(error)
            }
        }
    }

    /// - Parameter failure: what failed while it waited.
    private static func timedOut(
        _ key: FunctionKey, _ condition: Condition, _ limit: Duration, _ function: FunctionView?,
        _ failure: FailureView?
    ) -> ToolFailure {
        let state = function.map { "it is \($0.status.rawValue)" } ?? "it is gone"
        let cause = failure.map { "; meanwhile it failed: \($0.cause)" } ?? ""
        return ToolFailure(
            "\(key) was not \(condition.rawValue) within \(DurationText.format(limit)): \(state)\(cause)\n"
                + "look into it with: torpor explain \(Explanation.reference(key.name, key.namespace))")
    }
}
