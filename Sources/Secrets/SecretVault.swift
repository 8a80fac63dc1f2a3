package import Core
internal import Synchronization

/// The secrets of this host: encrypted in the store and in memory, in the clear only where an instance gets them.
package final class SecretVault: Sendable {
    private let keys: SecretKeys
    private let store: any SecretStorePort
    /// What the store has, as of the last write that is over.
    private let entries = Mutex<[ResourceKey: SealedSecret]>([:])
    /// Of those who change something: limits hold and the store and memory agree, whoever comes at once.
    private let writers = Turns()

    /// Loads what the store has. Values are not looked at yet.
    package init(keys: SecretKeys, store: any SecretStorePort) async throws {
        self.keys = keys
        self.store = store
        let secrets = try await store.secrets()
        entries.withLock { entries in for secret in secrets { entries[secret.key] = secret } }
    }

    /// Without their values, sorted.
    package func list() -> [SealedSecret] {
        entries.withLock { Array($0.values) }.sorted { $0.key < $1.key }
    }

    package func contains(_ key: ResourceKey) -> Bool { entries.withLock { $0[key] != nil } }

    /// What is wrong with those that cannot be read.
    package func problems() -> [SecretUnreadable] {
        list().compactMap { secret in
            do throws(SecretUnreadable) {
                _ = try keys.open(secret.sealed, for: secret.key)
                return nil
            } catch {
                return error
            }
        }
    }

    /// A secret in the clear.
    /// - Throws: `SecretUnreadable`.
    package func value(_ key: ResourceKey) throws(SecretUnreadable) -> [UInt8] {
        guard let secret = entries.withLock({ $0[key] }) else { throw .unknown(key) }
        return try keys.open(secret.sealed, for: key)
    }

    /// Sets a secret that is new or not. Durable when it returns.
    /// - Parameter now: Unix seconds.
    /// - Throws: `InvalidInput` for what is over a limit, or what the store refused.
    package func set(_ key: ResourceKey, to value: [UInt8], now: Int64) async throws -> SealedSecret {
        try Self.check(value)
        let sealed = try keys.seal(value, for: key)
        return try await writers.take {
            let secret = try prepare(key, sealed, byteCount: value.count, now: now)
            try await store.save(secret)
            entries.withLock { $0[key] = secret }
            return secret
        }
    }

    private static func check(_ value: [UInt8]) throws(InvalidInput) {
        guard !value.isEmpty else {
            throw InvalidInput("value", "is empty", allowed: "1 to \(Limits.secretBytes) bytes")
        }
        guard value.count <= Limits.secretBytes else {
            throw InvalidInput(
                "value", "has \(value.count) bytes", allowed: "1 to \(Limits.secretBytes) bytes")
        }
    }

    private func prepare(
        _ key: ResourceKey, _ sealed: [UInt8], byteCount: Int, now: Int64
    ) throws(InvalidInput) -> SealedSecret {
        let entries = entries.withLock { $0 }
        let known = entries[key]
        guard known != nil || entries.count < Limits.secrets else {
            throw InvalidInput(
                "name", "there are \(Limits.secrets) secrets", allowed: "at most \(Limits.secrets)")
        }
        let total = entries.values.reduce(0) { $0 + $1.byteCount }
        guard total - (known?.byteCount ?? 0) + byteCount <= Limits.allSecretBytes else {
            throw InvalidInput(
                "value", "all secrets together would be too large",
                allowed: "at most \(Limits.allSecretBytes) bytes")
        }
        return SealedSecret(
            key: key, sealed: sealed, byteCount: byteCount, createdAt: known?.createdAt ?? now, updatedAt: now
        )
    }

    /// Durable when it returns. The caller sees to it that nobody uses it.
    /// - Returns: false when there is none.
    package func remove(_ key: ResourceKey) async throws -> Bool {
        try await writers.take {
            guard contains(key) else { return false }
            try await store.removeSecret(key)
            entries.withLock { $0[key] = nil }
            return true
        }
    }
}
