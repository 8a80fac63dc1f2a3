internal import ControlAPI
internal import Core
internal import Orchestrator

extension Backend {
    func prune(_ request: PruneRequest) async throws(ControlError) -> PruneResult {
        do {
            let report = try await orchestrator.prune(revisions: request.revisions, isDryRun: request.dryRun)
            return PruneResult(
                revisions: report.revisions.map(\.description), contents: report.contents, logs: report.logs)
        } catch {
            throw Self.translate(error)
        }
    }
}
