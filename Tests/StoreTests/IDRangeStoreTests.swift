import Core
import Foundation
import GRDB
import Store
import Testing

/// Which of the host's ids functions have, as the database keeps it.
@Suite struct IDRangeStoreTests {
    @Test func `A function keeps its range`() async throws {
        try await TemporaryDirectory.with { directory in
            let key = try Sample.key()
            var record = Sample.record(key)
            record.idRange = Limits.idRanges - 1
            let store = try open(directory.database)
            try await store.insert(Sample.revision(key), record: record)
            record.latest = 2
            try await store.insert(Sample.revision(key, 2), record: record)
            try await store.update(record)
            #expect(try await open(directory.database).load().map(\.record) == [record])
        }
    }

    @Test func `No two functions have the same one`() async throws {
        try await TemporaryDirectory.with { directory in
            let store = try open(directory.database)
            for (name, range) in [("one", 3), ("two", nil), ("three", nil)] {
                let key = try Sample.key(name)
                var record = Sample.record(key)
                record.idRange = range
                try await store.insert(Sample.revision(key), record: record)
            }
            let key = try Sample.key("four")
            var record = Sample.record(key)
            record.idRange = 3
            await #expect(throws: StoreError.self) {
                try await store.insert(Sample.revision(key), record: record)
            }
            #expect(try await store.load().count == 3)
        }
    }

    /// As the version before left it: the functions in the order in which they came, as many as there are ranges for.
    @Test func `Functions of an older version get ranges`() async throws {
        try await TemporaryDirectory.with { directory in
            let count = Limits.idRanges + 6
            _ = try open(directory.database)
            try await change(
                directory,
                """
                DELETE FROM grdb_migrations WHERE identifier LIKE '0006 %';
                DROP INDEX functions_by_id_range;
                ALTER TABLE functions DROP COLUMN id_range;
                WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < \(count))
                INSERT INTO functions (id, namespace, name, latest, settled, created_at)
                    SELECT 3 * n, 'default', 'f' || n, 1, 1, 7 FROM numbers;
                """)
            let records = try await open(directory.database).load().map(\.record)
            let ranges = Dictionary(uniqueKeysWithValues: records.map { ($0.key.name, $0.idRange) })
            for number in 1...count {
                let expected = number <= Limits.idRanges ? number - 1 : nil
                #expect(ranges["f\(number)"] == .some(expected))
            }
        }
    }

    /// Somebody's own database, which a backup may be.
    @Test(arguments: [
        ("UPDATE functions SET id_range = 5", "is that of 'one.default', too"),
        ("UPDATE functions SET id_range = 4094 WHERE name = 'two'", "0 to 4093"),
        ("UPDATE functions SET id_range = -1 WHERE name = 'two'", "0 to 4093"),
    ])
    func `What it cannot be is refused by name`(statement: String, problem: String) async throws {
        try await TemporaryDirectory.with { directory in
            let store = try open(directory.database)
            for name in ["one", "two"] {
                let key = try Sample.key(name)
                try await store.insert(Sample.revision(key), record: Sample.record(key))
            }
            try await change(directory, "DROP INDEX functions_by_id_range; \(statement)")
            let error = await #expect(throws: StoreError.self) { try await open(directory.database).load() }
            #expect(error?.kind == .unreadable)
            let text = "\(error?.description ?? "")"
            #expect(text.contains("id_range") && text.contains(problem) && text.contains("two"), "\(text)")
        }
    }

    private func change(_ directory: TemporaryDirectory, _ statements: String) async throws {
        let queue = try DatabaseQueue(path: directory.database)
        try await queue.write { try $0.execute(sql: statements) }
        try queue.close()
    }
}
