import Core
import Foundation
import GRDB
import Store
import Testing

/// Secrets and namespaces in the database.
@Suite struct ResourceStoreTests {
    private func withPath(_ body: (String) async throws -> Void) async throws {
        let path = NSTemporaryDirectory() + "torpor-store-" + UUID().uuidString + ".db"
        defer { for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + end) } }
        try await body(path)
    }

    private func open(_ path: String) throws -> SQLiteStore {
        try SQLiteStore(path: path) { error in Issue.record("\(error)") }
    }

    @Test func `Secrets are kept by name and namespace`() async throws {
        try await withPath { path in
            let team = try NamespaceName("team")
            let name = try ResourceName("db.password")
            let first = SealedSecret(
                key: ResourceKey(name: name), sealed: [0, 255], byteCount: 2, createdAt: 1, updatedAt: 2)
            let second = SealedSecret(
                key: ResourceKey(name: name, namespace: team), sealed: [1], byteCount: 1, createdAt: 3,
                updatedAt: 3)
            var store = try open(path)
            try await store.save(first)
            try await store.save(second)
            var changed = first
            changed.sealed = [7, 7, 7]
            changed.byteCount = 3
            changed.updatedAt = 9
            try await store.save(changed)
            store = try open(path)
            #expect(try await store.secrets() == [changed, second])
            try await store.removeSecret(first.key)
            #expect(try await store.secrets() == [second])
        }
    }

    @Test func `Namespaces are kept, and those that functions are in are made`() async throws {
        try await withPath { path in
            let record = NamespaceRecord(
                name: try NamespaceName("team"),
                limits: NamespaceLimits(functions: 3, memory: .mebibytes(64)),
                defaults: LimitSpec(memory: .mebibytes(8), pids: 9), createdAt: 5)
            let store = try open(path)
            try await store.save(record)
            var changed = record
            changed.limits.instances = 4
            try await store.save(changed)
            #expect(try await open(path).namespaces() == [changed])
            try await store.remove(record.name)
            #expect(try await store.namespaces().isEmpty)
        }
        try await withPath { path in
            // As an earlier version left it.
            _ = try open(path)
            let queue = try DatabaseQueue(path: path)
            try await queue.write { database in
                try database.execute(
                    sql: """
                        DELETE FROM grdb_migrations WHERE identifier LIKE '%namespaces';
                        DROP TABLE namespaces;
                        INSERT INTO functions (namespace, name, latest, settled, created_at)
                            VALUES ('team', 'a', 1, 1, 7), ('team', 'b', 1, 1, 6), ('default', 'c', 1, 1, 5);
                        """)
            }
            try queue.close()
            #expect(
                try await open(path).namespaces()
                    == [NamespaceRecord(name: try NamespaceName("team"), createdAt: 6)])
        }
    }
}
