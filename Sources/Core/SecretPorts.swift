/// A secret as it is kept: encrypted, with what people may know of it.
package struct SealedSecret: Sendable, Hashable {
    package var key: ResourceKey
    /// Nobody but the vault knows how to read it.
    package var sealed: [UInt8]
    /// Of its value.
    package var byteCount: Int
    /// Unix seconds: when it was first set, and last.
    package var createdAt: Int64
    package var updatedAt: Int64

    package init(key: ResourceKey, sealed: [UInt8], byteCount: Int, createdAt: Int64, updatedAt: Int64) {
        self.key = key
        self.sealed = sealed
        self.byteCount = byteCount
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// Where secrets are kept. Adapter: `Store`.
package protocol SecretStorePort: Sendable {
    func secrets() async throws -> [SealedSecret]
    /// Inserts or replaces; durable when it returns.
    func save(_ secret: SealedSecret) async throws
    /// Durable when it returns.
    func removeSecret(_ key: ResourceKey) async throws
}
