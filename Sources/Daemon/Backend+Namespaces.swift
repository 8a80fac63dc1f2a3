internal import ControlAPI
internal import Core
internal import Orchestrator
internal import Secrets

// Namespaces, for the control API.
extension Backend {
    func namespaces() async throws(ControlError) -> [NamespaceView] {
        await orchestrator.namespaceViews().map { NamespaceView($0.record, usage: $0.usage) }
    }

    func namespace(_ name: NamespaceName) async throws(ControlError) -> NamespaceView {
        guard let found = try await namespaces().first(where: { $0.name == name }) else {
            throw .noSuchNamespace(name)
        }
        return found
    }

    func setNamespace(
        _ record: NamespaceRecord, mustBeNew: Bool
    ) async throws(ControlError) -> NamespaceView {
        do {
            try await orchestrator.setNamespace(record, mustBeNew: mustBeNew)
        } catch {
            throw Self.translate(error)
        }
        return try await namespace(record.name)
    }

    func removeNamespace(_ name: NamespaceName) async throws(ControlError) {
        let resources = resources
        do {
            try await orchestrator.removeNamespace(name) {
                let secrets = resources.secrets.list().filter { $0.key.namespace == name }.map(\.key.name)
                let volumes = try await resources.listVolumes().filter { $0.namespace == name }.map(\.name)
                try Self.refuse("secrets", secrets, in: name)
                try Self.refuse("volumes", volumes, in: name)
            }
        } catch CommandError.inUse(let functions) {
            throw Self.hasStill("functions", functions.map(\.name), in: name)
        } catch {
            throw Self.translate(error)
        }
    }

    private static func refuse(_ kind: String, _ names: [ResourceName], in namespace: NamespaceName) throws {
        if !names.isEmpty { throw hasStill(kind, names.map(\.description), in: namespace) }
    }

    private static func hasStill(_ kind: String, _ names: [String], in name: NamespaceName) -> ControlError {
        let shown = names.prefix(10).joined(separator: ", ") + (names.count > 10 ? " and others" : "")
        return ControlError(
            .conflict, "namespace '\(name)' still has the \(kind) \(shown): remove them first")
    }
}
