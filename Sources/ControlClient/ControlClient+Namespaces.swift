package import ControlAPI
package import Core
internal import FoundationEssentials
internal import NIOCore

// Namespaces.
extension ControlClient {
    package func namespaces() async throws -> [NamespaceView] {
        try await call(as: NamespaceList.self, .listNamespaces).namespaces
    }

    package func namespace(_ name: NamespaceName) async throws -> NamespaceView {
        try await exchange(.describeNamespace, ControlRoute.describeNamespace.path(name))
    }

    package func createNamespace(_ record: NamespaceRecord) async throws -> NamespaceView {
        try await exchange(
            .createNamespace, ControlRoute.createNamespace.path(), body: NamespaceRequest(record))
    }

    package func changeNamespace(_ record: NamespaceRecord) async throws -> NamespaceView {
        try await exchange(
            .changeNamespace, ControlRoute.changeNamespace.path(record.name), body: NamespaceRequest(record))
    }

    package func removeNamespace(_ name: NamespaceName) async throws {
        let route = ControlRoute.removeNamespace
        _ = try await perform(OutgoingRequest(route.method, route.path(name)), timeout: nil)
    }

    /// May wait behind somebody's deployment.
    private func exchange(
        _ route: ControlRoute, _ path: String, body: NamespaceRequest? = nil
    ) async throws -> NamespaceView {
        var request = OutgoingRequest(route.method, path)
        if let body {
            request = OutgoingRequest(
                route.method, path, headers: [("Content-Type", "application/json")],
                body: .bytes(ByteBuffer(bytes: try ControlCoding.encode(body))))
        }
        return try decode(NamespaceView.self, try await perform(request, timeout: nil))
    }
}
