internal import ControlAPI
internal import ControlClient
internal import Core

/// What became of a deploy, as people read it.
enum Rollouts {
    /// - Parameter before: the function's generation before, 0 where it was not there.
    static func outcome(_ function: FunctionView, before: Int) -> String {
        let newest = function.latestRevision
        let isActive = function.revision == newest
        if before > 0, function.generation == before {
            let goesOn = isActive ? "" : function.revision.map { "; \($0) takes requests" } ?? ""
            return "unchanged (\(newest)\(goesOn))"
        }
        return isActive ? "\(newest) takes requests" : "\(newest) is being brought up"
    }

    /// Says of a revision that did not come up which one it is, and what takes requests now.
    static func explaining<T>(
        _ key: FunctionKey, _ client: ControlClient, _ body: () async throws -> T
    ) async throws -> T {
        do {
            return try await body()
        } catch ClientError.refused(let error) where error.kind == .failedToStart {
            throw ToolFailure("\(key): " + text(of: error, try? await client.describe(key)))
        }
    }

    /// - Parameter detail: the function after the failure; nil where it could not be asked for.
    static func text(of error: ControlError, _ detail: FunctionDetail?) -> String {
        let newest = detail?.revisions.last { $0.state == .failed }?.name ?? detail?.function.latestRevision
        // A function whose first revision this is has no other.
        let active = detail?.function.revision.flatMap { $0 == newest ? nil : $0 }
        let goesOn = active.map { "; \($0) goes on taking requests" } ?? ""
        let why = error.failure.map { Explanation.text(of: $0) } ?? "  \(error.description)"
        return "\(newest ?? "the new revision") did not come up\(goesOn)\n\(why)"
    }

    /// The newest earlier revision that is the same as the newest: what an undo went back to.
    static func model(of detail: FunctionDetail) -> RevisionView? {
        guard let newest = detail.revisions.last else { return nil }
        return detail.revisions.dropLast().last {
            $0.spec == newest.spec && $0.rootfs == newest.rootfs && $0.state != .failed
        }
    }
}
