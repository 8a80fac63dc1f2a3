internal import ControlAPI
internal import Core
internal import Orchestrator

extension Backend {
    func stats(_ function: FunctionKey?) async throws(ControlError) -> StatsList {
        let machines: [FunctionMachine]
        if let function {
            guard let machine = await orchestrator.view(of: function) else { throw .noSuchFunction(function) }
            machines = [machine]
        } else {
            machines = await orchestrator.views()
        }
        var instances: [StatsView] = []
        for machine in machines {
            for instance in machine.instances.values.sorted(by: {
                ($0.createdAt, $0.id) < ($1.createdAt, $1.id)
            }) {
                guard let usage = await orchestrator.usage(of: instance.id) else { continue }
                instances.append(
                    StatsView(
                        usage, of: instance.id,
                        revision: RevisionID(function: machine.key, number: instance.revision),
                        state: instance.visibleState, inFlight: instance.gate.inFlight,
                        served: instance.gate.served))
            }
        }
        return StatsList(at: TimeText.timestamp(), instances: instances)
    }
}
