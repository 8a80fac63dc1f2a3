internal import ControlAPI
internal import Core
internal import Orchestrator

extension Backend {
    func plan(_ request: DeployRequest) async throws(ControlError) -> FunctionPlan {
        try await plan(request, from: nil)
    }

    func plan(
        _ request: DeployRequest, from place: RevisionSource?
    ) async throws(ControlError) -> FunctionPlan {
        let plan: DeployPlan
        do {
            plan = try await orchestrator.plan(
                request.key, source: request.source, spec: request.spec, from: place)
        } catch {
            throw Self.translate(error)
        }
        let warnings = host.warnings(plan.spec.limits, plan.ociConfig)
        if plan.isUnchanged {
            return FunctionPlan(
                key: request.key, action: .none, revision: plan.current?.id.name, changes: [],
                warnings: warnings)
        }
        var changes = FieldChange.between(plan.current?.spec, plan.spec)
        let content = plan.current?.rootfs.description
        if content != plan.rootfs.description {
            changes.append(FieldChange(field: "content", from: content, to: plan.rootfs.description))
        }
        return FunctionPlan(
            key: request.key, action: plan.current == nil ? .create : .change,
            revision: plan.current?.id.name, changes: changes, warnings: warnings)
    }

    func undo(_ function: FunctionKey, _ request: UndoRequest) async throws(ControlError) -> FunctionView {
        let outcome: DeployOutcome
        do {
            outcome = try await orchestrator.undo(
                function, to: request.revision, ifGeneration: request.ifGeneration, wait: request.wait)
        } catch {
            throw Self.translate(error)
        }
        if case .failed(_, let failure) = outcome { throw ControlError(failure) }
        return try await view(function)
    }
}
