import ControlAPI
import Core
import Synchronization

extension FakeBackend {
    func secrets(namespace: NamespaceName?) async throws(ControlError) -> [SecretView] {
        kept.withLock { $0.keys.sorted() }.filter { namespace == nil || $0.namespace == namespace }
            .map(Sample.secret)
    }

    func setSecret(_ key: ResourceKey, to value: [UInt8]) async throws(ControlError) -> SecretView {
        kept.withLock { $0[key] = value }
        return Sample.secret(key)
    }

    func removeSecret(_ key: ResourceKey) async throws(ControlError) {
        guard kept.withLock({ $0.removeValue(forKey: key) }) != nil else {
            throw ControlError(.notFound, "there is no secret '\(key)'")
        }
    }

    func volumes(namespace: NamespaceName?) async throws(ControlError) -> [VolumeView] {
        kept.withLock { $0.keys.sorted() }.map(Sample.volume)
    }

    func removeVolume(_ key: ResourceKey) async throws(ControlError) {
        throw ControlError(.conflict, "the volume '\(key)' is used")
    }
}

extension Sample {
    static func secret(_ key: ResourceKey) -> SecretView {
        let secret = SealedSecret(key: key, sealed: [1], byteCount: 1, createdAt: 1, updatedAt: 2)
        return SecretView(secret, usedBy: (try? [FunctionKey(name: "hello")]) ?? [])
    }

    static func volume(_ key: ResourceKey) -> VolumeView {
        VolumeView(
            key, path: "/volumes/\(key)", bytes: 4096, moreThan: false,
            usedBy: (try? [FunctionKey(name: "hello")]) ?? [])
    }
}
