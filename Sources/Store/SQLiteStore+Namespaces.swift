package import Core
internal import GRDB

extension SQLiteStore {
    package func namespaces() async throws -> [NamespaceRecord] {
        try await read { connection in
            let rows = try Row.fetchAll(connection, sql: "SELECT * FROM namespaces ORDER BY name")
            return try rows.map(NamespaceRecord.init(row:))
        }
    }

    package func save(_ namespace: NamespaceRecord) async throws {
        try await write { connection in
            try connection.execute(
                sql: """
                    INSERT INTO namespaces (name, limits, defaults, created_at) VALUES (?, ?, ?, ?)
                    ON CONFLICT (name) DO UPDATE SET limits = excluded.limits, defaults = excluded.defaults
                    """,
                arguments: [
                    namespace.name.description, try JSONText.encode(namespace.limits),
                    try JSONText.encode(namespace.defaults), namespace.createdAt,
                ])
        }
    }

    package func remove(_ namespace: NamespaceName) async throws {
        try await write { connection in
            try connection.execute(
                sql: "DELETE FROM namespaces WHERE name = ?", arguments: [namespace.description])
        }
    }
}

extension NamespaceRecord {
    init(row: Row) throws {
        do {
            self.init(
                name: try NamespaceName(row["name"]),
                limits: try JSONText.decode(NamespaceLimits.self, row["limits"]),
                defaults: try JSONText.decode(LimitSpec.self, row["defaults"]), createdAt: row["created_at"])
        } catch {
            throw UnreadableRow("namespaces", "name \(row["name"] as String)", error)
        }
    }
}
