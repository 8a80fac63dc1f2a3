package import ControlAPI
package import Core
internal import FoundationEssentials
internal import NIOCore

// Secrets and volumes.
extension ControlClient {
    package func secrets(namespace: NamespaceName?) async throws -> [SecretView] {
        try await call(as: SecretList.self, .listSecrets, query: Self.query(namespace)).secrets
    }

    package func setSecret(_ key: ResourceKey, to value: [UInt8]) async throws -> SecretView {
        let request = OutgoingRequest(
            ControlRoute.setSecret.method, ControlRoute.setSecret.path(key),
            headers: [("Content-Type", "application/octet-stream")], body: .bytes(ByteBuffer(bytes: value)))
        // Running instances get it, too: one after the other.
        return try decode(SecretView.self, try await perform(request, timeout: nil))
    }

    package func removeSecret(_ key: ResourceKey) async throws { try await remove(.removeSecret, key) }

    package func volumes(namespace: NamespaceName?) async throws -> [VolumeView] {
        try await call(as: VolumeList.self, .listVolumes, query: Self.query(namespace)).volumes
    }

    package func removeVolume(_ key: ResourceKey) async throws { try await remove(.removeVolume, key) }

    /// May wait behind somebody's deployment, or for many files.
    private func remove(_ route: ControlRoute, _ key: ResourceKey) async throws {
        _ = try await perform(OutgoingRequest(route.method, route.path(key)), timeout: nil)
    }

    private static func query(_ namespace: NamespaceName?) -> String {
        namespace.map { "?namespace=\($0)" } ?? ""
    }
}
