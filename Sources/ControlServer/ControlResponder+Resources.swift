internal import ControlAPI
internal import Core
internal import Hummingbird
internal import NIOCore

// Secrets and volumes.
extension ControlResponder {
    func answer(
        _ route: ControlRoute, on resource: ResourceKey, _ request: Request
    ) async throws(ControlError) -> Response {
        switch route {
        case .setSecret:
            let value = try await Self.bytes(of: request, limit: Limits.secretBytes)
            return try Self.json(
                await backend.setSecret(resource, to: Array(value.readableBytesView)))
        case .removeSecret: try await backend.removeSecret(resource)
        case .removeVolume: try await backend.removeVolume(resource)
        default: preconditionFailure("\(route) is not a route on a secret or volume")
        }
        return Response(status: .noContent)
    }

    static func resource(namespace: String, name: String) throws(ControlError) -> ResourceKey {
        do throws(InvalidInput) {
            let namespace = try NamespaceName(namespace)
            do { return ResourceKey(name: try ResourceName(name), namespace: namespace) } catch {
                throw error.inside("name")
            }
        } catch {
            throw ControlError(error)
        }
    }
}
