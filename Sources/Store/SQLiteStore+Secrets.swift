package import Core
internal import FoundationEssentials
internal import GRDB

extension SQLiteStore: SecretStorePort {
    package func secrets() async throws -> [SealedSecret] {
        try await read { connection in
            let rows = try Row.fetchAll(connection, sql: "SELECT * FROM secrets ORDER BY namespace, name")
            return try rows.map(SealedSecret.init(row:))
        }
    }

    package func save(_ secret: SealedSecret) async throws {
        try await write { connection in
            try connection.execute(
                sql: """
                    INSERT INTO secrets (namespace, name, sealed, byte_count, created_at, updated_at)
                    VALUES (?, ?, ?, ?, ?, ?)
                    ON CONFLICT (namespace, name) DO UPDATE SET sealed = excluded.sealed,
                        byte_count = excluded.byte_count, updated_at = excluded.updated_at
                    """,
                arguments: [
                    secret.key.namespace.description, secret.key.name.description, Data(secret.sealed),
                    secret.byteCount, secret.createdAt, secret.updatedAt,
                ])
        }
    }

    package func removeSecret(_ key: ResourceKey) async throws {
        try await write { connection in
            try connection.execute(
                sql: "DELETE FROM secrets WHERE namespace = ? AND name = ?",
                arguments: [key.namespace.description, key.name.description])
        }
    }
}

extension SealedSecret {
    init(row: Row) throws {
        do {
            let key = ResourceKey(
                name: try ResourceName(row["name"]), namespace: try NamespaceName(row["namespace"]))
            self.init(
                key: key, sealed: [UInt8](row["sealed"] as Data), byteCount: row["byte_count"],
                createdAt: row["created_at"], updatedAt: row["updated_at"])
        } catch {
            throw UnreadableRow("secrets", "name \(row["name"] as String)", error)
        }
    }
}
