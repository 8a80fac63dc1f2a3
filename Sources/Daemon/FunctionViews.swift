internal import ControlAPI
internal import Core
internal import Orchestrator

extension FunctionMachine {
    /// The revision that stands for the function: the active one, else the newest.
    var shownRevision: Revision? { active ?? revisions.values.max { $0.id < $1.id } }

    var revisionViews: [RevisionView] {
        revisions.values.sorted { $0.id < $1.id }.map { revision in
            let number = revision.id.number
            let state: RevisionView.State =
                if number == candidate {
                    .starting
                } else if !record.proven.contains(number) {
                    .failed
                } else {
                    number == record.active ? .active : .retired
                }
            return RevisionView(revision, state: state)
        }
    }
}

extension FunctionView {
    init(_ machine: FunctionMachine, _ host: HostReport) {
        let shown = machine.shownRevision
        let source = shown?.source ?? .rootfs(path: "")
        let latest = machine.revisions.keys.max() ?? max(1, machine.record.latest)
        self.init(
            key: machine.key, active: machine.isProven ? machine.active?.id : nil,
            latest: RevisionID(function: machine.key, number: latest), mode: shown?.spec.mode ?? .http,
            source: source, scale: machine.record.manualScale.map(ScaleTarget.count) ?? .auto,
            instances: InstanceCounts(machine.instances.values.map(\.visibleState)),
            inFlight: machine.instances.values.reduce(0) { $0 + $1.gate.inFlight },
            createdAt: Timestamp(unixSeconds: machine.record.createdAt),
            lastFailureCause: machine.record.lastFailure?.cause, generation: machine.record.latest,
            applied: machine.record.isApplied,
            warnings: shown.map { host.warnings($0.spec.limits, $0.ociConfig) } ?? [])
    }
}
