internal import ControlAPI
internal import Core
internal import Hummingbird

// Namespaces.
extension ControlResponder {
    func answer(
        _ route: ControlRoute, onNamespace text: String, _ request: Request
    ) async throws(ControlError) -> Response {
        let name: NamespaceName
        do throws(InvalidInput) { name = try NamespaceName(text) } catch { throw ControlError(error) }
        switch route {
        case .describeNamespace: return try Self.json(await backend.namespace(name))
        case .changeNamespace:
            let record = try await Self.body(NamespaceRequest.self, of: request).record
            guard record.name == name else {
                throw ControlError(.invalid, "is not the name in the path", path: "name", allowed: "\(name)")
            }
            return try Self.json(await backend.setNamespace(record, mustBeNew: false))
        case .removeNamespace:
            try await backend.removeNamespace(name)
            return Response(status: .noContent)
        default: preconditionFailure("\(route) is not a route on a namespace")
        }
    }

    func createNamespace(_ request: Request) async throws(ControlError) -> Response {
        let record = try await Self.body(NamespaceRequest.self, of: request).record
        return try Self.json(await backend.setNamespace(record, mustBeNew: true))
    }
}
