internal import ControlAPI
internal import Core
internal import Orchestrator
internal import Sandbox
internal import Secrets

// Secrets and volumes, for the control API.
extension Backend {
    func secrets(namespace: NamespaceName?) async throws(ControlError) -> [SecretView] {
        var views: [SecretView] = []
        for secret in resources.secrets.list() where namespace == nil || secret.key.namespace == namespace {
            let users = await orchestrator.users(where: Self.uses(secret: secret.key))
            views.append(SecretView(secret, usedBy: users))
        }
        return views
    }

    func setSecret(_ key: ResourceKey, to value: [UInt8]) async throws(ControlError) -> SecretView {
        guard await orchestrator.hasNamespace(key.namespace) else { throw .noSuchNamespace(key.namespace) }
        let secret: SealedSecret
        do {
            secret = try await resources.setSecret(key, to: value, now: SystemTime().unixTime())
        } catch {
            throw Self.translate(error)
        }
        return SecretView(secret, usedBy: await orchestrator.users(where: Self.uses(secret: key)))
    }

    func removeSecret(_ key: ResourceKey) async throws(ControlError) {
        let resources = resources
        try await remove("secret", key, unusedBy: Self.uses(secret: key)) {
            try await resources.secrets.remove(key)
        }
    }

    func volumes(namespace: NamespaceName?) async throws(ControlError) -> [VolumeView] {
        let volumes: [(key: ResourceKey, size: VolumeSize)]
        do {
            volumes = try await resources.measuredVolumes(of: namespace)
        } catch {
            throw Self.translate(error)
        }
        var views: [VolumeView] = []
        for (key, size) in volumes {
            let users = await orchestrator.users(where: Self.uses(volume: key))
            views.append(
                VolumeView(
                    key, path: resources.volumes.path(of: key), bytes: size.bytes, moreThan: size.isMore,
                    usedBy: users))
        }
        return views
    }

    func removeVolume(_ key: ResourceKey) async throws(ControlError) {
        let resources = resources
        try await remove("volume", key, unusedBy: Self.uses(volume: key)) {
            try await resources.removeVolume(key)
        }
    }

    private func remove(
        _ kind: String, _ key: ResourceKey,
        unusedBy uses: @Sendable (FunctionKey, FunctionSpec) -> Bool,
        _ removal: @Sendable () async throws -> Bool
    ) async throws(ControlError) {
        do {
            guard try await orchestrator.remove(unusedBy: uses, removal) else {
                throw ControlError(
                    .notFound, "there is no \(kind) '\(key.name)' in namespace '\(key.namespace)'")
            }
        } catch CommandError.inUse(let users) {
            let names = users.prefix(10).map(\.description).joined(separator: ", ")
            throw ControlError(
                .conflict,
                "the \(kind) '\(key.name)' is used by \(names)\(users.count > 10 ? " and others" : ""): "
                    + "deploy them without it, or remove them, first")
        } catch {
            throw Self.translate(error)
        }
    }

    private static func uses(secret key: ResourceKey) -> @Sendable (FunctionKey, FunctionSpec) -> Bool {
        { $0.namespace == key.namespace && $1.secrets.contains(key.name) }
    }

    private static func uses(volume key: ResourceKey) -> @Sendable (FunctionKey, FunctionSpec) -> Bool {
        { function, spec in
            function.namespace == key.namespace && spec.volumes.contains { $0.kind == .named(key.name) }
        }
    }
}
