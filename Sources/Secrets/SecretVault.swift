package import Core
internal import Synchronization

/// The secrets of this host: encrypted in the store and in memory, in the clear only where an instance gets them.
package final class SecretVault: Sendable {
    private struct Entry {
        var secret: SealedSecret
        /// Of the writes of this process: a later one wins, in whatever order they end.
        var version: UInt64
    }

    private struct State {
        var entries: [ResourceKey: Entry] = [:]
        var version: UInt64 = 0
    }

    private let keys: SecretKeys
    private let store: any SecretStorePort
    private let state = Mutex(State())

    /// Loads what the store has. Values are not looked at yet.
    package init(keys: SecretKeys, store: any SecretStorePort) async throws {
        self.keys = keys
        self.store = store
        let secrets = try await store.secrets()
        state.withLock { state in
            for secret in secrets { state.entries[secret.key] = Entry(secret: secret, version: 0) }
        }
    }

    /// Without their values, sorted.
    package func list() -> [SealedSecret] {
        state.withLock { $0.entries.values.map(\.secret) }.sorted { $0.key < $1.key }
    }

    package func contains(_ key: ResourceKey) -> Bool { state.withLock { $0.entries[key] != nil } }

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
        guard let secret = state.withLock({ $0.entries[key]?.secret }) else { throw .unknown(key) }
        return try keys.open(secret.sealed, for: key)
    }

    /// Sets a secret that is new or not. Durable when it returns.
    /// - Parameter now: Unix seconds.
    /// - Throws: `InvalidInput` for what is over a limit, or what the store refused.
    package func set(_ key: ResourceKey, to value: [UInt8], now: Int64) async throws -> SealedSecret {
        try Self.check(value)
        let sealed = try keys.seal(value, for: key)
        let (secret, version) = try prepare(key, sealed, byteCount: value.count, now: now)
        try await store.save(secret)
        state.withLock { state in
            if state.entries[key]?.version ?? 0 < version {
                state.entries[key] = Entry(secret: secret, version: version)
            }
        }
        return secret
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
    ) throws(InvalidInput) -> (SealedSecret, UInt64) {
        try state.withLock { state throws(InvalidInput) in
            let known = state.entries[key]?.secret
            guard known != nil || state.entries.count < Limits.secrets else {
                throw InvalidInput(
                    "name", "there are \(Limits.secrets) secrets", allowed: "at most \(Limits.secrets)")
            }
            let total = state.entries.values.reduce(0) { $0 + $1.secret.byteCount }
            guard total - (known?.byteCount ?? 0) + byteCount <= Limits.allSecretBytes else {
                throw InvalidInput(
                    "value", "all secrets together would be too large",
                    allowed: "at most \(Limits.allSecretBytes) bytes")
            }
            state.version += 1
            let secret = SealedSecret(
                key: key, sealed: sealed, byteCount: byteCount, createdAt: known?.createdAt ?? now,
                updatedAt: now)
            return (secret, state.version)
        }
    }

    /// Durable when it returns. The caller sees to it that nobody uses it.
    /// - Returns: false when there is none.
    package func remove(_ key: ResourceKey) async throws -> Bool {
        guard contains(key) else { return false }
        try await store.removeSecret(key)
        state.withLock { $0.entries[key] = nil }
        return true
    }
}
