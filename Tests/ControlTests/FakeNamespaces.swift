import ControlAPI
import Core

extension FakeBackend {
    func namespaces() async throws(ControlError) -> [NamespaceView] { [Sample.namespace(.default)] }

    func namespace(_ name: NamespaceName) async throws(ControlError) -> NamespaceView {
        guard name == .default else { throw .noSuchNamespace(name) }
        return Sample.namespace(name)
    }

    func setNamespace(
        _ record: NamespaceRecord, mustBeNew: Bool
    ) async throws(ControlError) -> NamespaceView {
        if mustBeNew, record.name == .default { throw ControlError(.conflict, "is there already") }
        return NamespaceView(record, usage: NamespaceUsage())
    }

    func removeNamespace(_ name: NamespaceName) async throws(ControlError) {
        throw ControlError(.conflict, "namespace '\(name)' still has functions")
    }
}

extension Sample {
    static func namespace(_ name: NamespaceName) -> NamespaceView {
        let record = NamespaceRecord(
            name: name,
            limits: NamespaceLimits(
                functions: 1, instances: 2, memory: .mebibytes(3), cpu: CPUQuantity(millicores: 500)),
            defaults: LimitSpec(memory: .mebibytes(4), cpu: CPUQuantity(millicores: 10), pids: 5),
            createdAt: 6)
        var usage = NamespaceUsage()
        usage.functions = 1
        usage.add(record.defaults)
        return NamespaceView(record, usage: usage)
    }
}
