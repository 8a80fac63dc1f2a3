internal import ControlAPI
internal import ControlClient
internal import Core

/// Errors and failures as people read them.
enum Explanation {
    static func text(of error: ClientError) -> String {
        guard case .refused(let refusal) = error, refusal.failure != nil else { return error.description }
        return Rollouts.text(of: refusal, nil)
    }

    static func text(of failure: FailureView, indent: String = "  ") -> String {
        var lines = ["\(failure.cause) (while in phase \(failure.phase.rawValue)): \(failure.message)"]
        if let exit = failure.exit { lines.append("exit: \(text(of: exit))") }
        if let instance = failure.instance { lines.append("instance: \(instance)") }
        if let callID = failure.callID { lines.append("call id: \(callID)") }
        lines.append("at: \(failure.at)")
        if failure.log.isEmpty {
            lines.append("log: empty")
        } else {
            lines.append("log, last lines:")
            lines += failure.log.map { "  | \($0)" }
        }
        return lines.map { indent + $0 }.joined(separator: "\n")
    }

    static func text(of exit: ExitView) -> String {
        switch exit.reason {
        case .exited: "code \(exit.code ?? 0)"
        case .signalled: "signal \(exit.signal ?? 0)"
        case .oomKilled: "killed for want of memory (OOMKilled)"
        case .unknown: "unknown"
        }
    }

    /// Adds the name that was probably meant to a `notFound`.
    static func suggesting<T>(
        _ function: FunctionKey, _ client: ControlClient, _ body: () async throws -> T
    ) async throws -> T {
        do {
            return try await body()
        } catch ClientError.refused(let error) where error.kind == .notFound {
            let known = (try? await client.list(namespace: nil)) ?? []
            let names = known.map { reference($0.name, $0.namespace) }
            let wanted = reference(function.name, function.namespace)
            guard let near = Nearest.match(wanted, among: names) else {
                throw ToolFailure("\(error.description); 'torpor list' shows what there is")
            }
            throw ToolFailure("\(error.description); did you mean '\(near)'?")
        }
    }

    /// `hello`, or `hello.team` outside of the default namespace.
    static func reference(_ name: String, _ namespace: NamespaceName) -> String {
        namespace == .default ? name : "\(name).\(namespace)"
    }
}
