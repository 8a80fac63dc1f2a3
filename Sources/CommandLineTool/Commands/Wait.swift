internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Core

/// What can be waited for.
enum Condition: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// An instance takes requests.
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
        case .ready: function?.status == .ready
        case .frozen: function?.status == .frozen
        case .zero: function.map { $0.instances.total == 0 } ?? false
        case .gone: function == nil
        }
    }
}

struct Wait: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Wait until a function is ready, frozen, at zero instances, or gone.")

    @OptionGroup var global: GlobalOptions
    @Argument(help: "NAME or NAME.NAMESPACE.", completion: Completion.functions) var name: String
    @Option(name: .customLong("for"), help: "What to wait for.") var condition: Condition
    @Option(help: "How long to wait.") var timeout = "60s"

    private static let pause = Duration.milliseconds(100)

    func run() async throws {
        let key = try FunctionArgument.parse(name).key
        let limit = try usage("--timeout") { () throws(InvalidInput) in try DurationText.parse(timeout) }
        let client = global.client
        let clock = ContinuousClock()
        let deadline = clock.now + limit
        while true {
            let function = try await Self.look(key, client, mayBeGone: condition == .gone)
            if condition.holds(for: function) {
                return try global.show(Waited(function: key.description, condition: condition.rawValue)) {
                    "\(key): \(condition.rawValue)\n"
                }
            }
            guard clock.now < deadline else { throw Self.timedOut(key, condition, limit, function) }
            try await clock.sleep(for: Self.pause)
        }
    }

    private struct Waited: Encodable {
        var function: String
        var condition: String
    }

    private static func look(
        _ key: FunctionKey, _ client: ControlClient, mayBeGone: Bool
    ) async throws -> FunctionView? {
        do {
            return try await client.describe(key).function
        } catch ClientError.refused(let error) where error.kind == .notFound && mayBeGone {
            return nil
        } catch ClientError.refused(let error) where error.kind == .notFound {
            return try await Explanation.suggesting(key, client) {
                throw ClientError.refused(error)
            }
        }
    }

    private static func timedOut(
        _ key: FunctionKey, _ condition: Condition, _ limit: Duration, _ function: FunctionView?
    ) -> ToolFailure {
        let state = function.map { "it is \($0.status.rawValue)" } ?? "it is gone"
        let cause = function?.lastFailureCause.map { "; its last failure was \($0)" } ?? ""
        return ToolFailure(
            "\(key) was not \(condition.rawValue) within \(DurationText.format(limit)): \(state)\(cause)\n"
                + "look into it with: torpor explain \(Explanation.reference(key.name, key.namespace))")
    }
}
