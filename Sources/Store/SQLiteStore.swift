package import Core
internal import FoundationEssentials
internal import GRDB
internal import Synchronization

/// What Torpor remembers, in one SQLite file. Every access runs on GRDB's own queue, one after the other.
///
/// | operation | durable when it returns | cost |
/// | --- | --- | --- |
/// | `insert`, `update`, `remove`, `removeRevisions` | yes: WAL with `synchronous=FULL` | one fsync |
/// | `note`, `append` | no: the same WAL, synchronised with the next of the above or by a checkpoint | no fsync |
/// | `load`, `instances`, `events` | – | reads only |
package final class SQLiteStore: StorePort {
    let database: DatabaseQueue
    private let file: String
    private let noteLost: @Sendable (any Error) -> Void
    /// Of transactions that are durable when they return.
    package let writeTimes = DurationHistogram()
    private let failedWrites = Atomic<UInt64>(0)

    /// Opens the database or makes it, readable by its owner alone, and brings its schema up to date. Blocks:
    /// for the daemon's start, before it serves.
    ///
    /// - Parameters:
    ///   - path: of the file; its directory must exist. Only one process may use it: the daemon's lock sees
    ///     to that.
    ///   - byteLimit: bytes at most, at least 64 KiB; what goes over it is refused as a full disk would.
    ///   - noteLost: told when `note` could not write.
    /// - Throws: `StoreError`.
    package init(
        path: String, byteLimit: Int = Limits.databaseBytes,
        noteLost: @escaping @Sendable (any Error) -> Void
    ) throws {
        file = path
        self.noteLost = noteLost
        do {
            try Self.makePrivate(path)
            database = try DatabaseQueue(path: path, configuration: Self.configuration)
            try Self.prepare(database, file: path, byteLimit: byteLimit)
        } catch {
            throw StoreError.mapping(error, file: path)
        }
    }

    /// SQLite gives -wal and -shm the mode of the file. Environments in it are nobody else's business.
    private static func makePrivate(_ path: String) throws {
        let mode: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
        if FileManager.default.fileExists(atPath: path) {
            try FileManager.default.setAttributes(mode, ofItemAtPath: path)
        } else {
            _ = FileManager.default.createFile(atPath: path, contents: nil, attributes: mode)
        }
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(5)
        configuration.label = "store"
        return configuration
    }

    private static func prepare(_ database: DatabaseQueue, file: String, byteLimit: Int) throws {
        let migrations = Migrations.all()
        try database.writeWithoutTransaction { connection in
            // After the journal mode: GRDB sets NORMAL with WAL, which may lose what was acknowledged.
            try connection.execute(sql: "PRAGMA synchronous = FULL")
            let page = try Int.fetchOne(connection, sql: "PRAGMA page_size") ?? 4096
            _ = try Int.fetchOne(connection, sql: "PRAGMA max_page_count = \(max(16, byteLimit / page))")
            try check(connection, "synchronous", is: "2", file)
            try check(connection, "journal_mode", is: "wal", file)
            try check(connection, "foreign_keys", is: "1", file)
            if try migrations.hasBeenSuperseded(connection) {
                throw StoreError(.tooNew, file: file, reason: "it was written by a newer version of Torpor")
            }
        }
        try migrations.migrate(database)
    }

    private static func check(
        _ connection: Database, _ pragma: String, is wanted: String, _ file: String
    ) throws {
        let found = try String.fetchOne(connection, sql: "PRAGMA \(pragma)") ?? "nothing"
        guard found == wanted else {
            throw StoreError(.failed, file: file, reason: "PRAGMA \(pragma) is \(found), not \(wanted)")
        }
    }

    package func load() async throws -> [StoredFunction] {
        try await read { connection in
            var functions: [Int64: StoredFunction] = [:]
            var owners: [Int: FunctionKey] = [:]
            let records = try Row.fetchCursor(connection, sql: "SELECT * FROM functions")
            while let row = try records.next() {
                let record = try FunctionRecord(row: row)
                functions[row["id"]] = StoredFunction(record: record, revisions: [])
                // The index sees to it, unless somebody else made this database: a backup may come from anywhere.
                if let range = record.idRange, let other = owners.updateValue(record.key, forKey: range) {
                    throw UnreadableRow(
                        "functions", "name \(record.key.name)",
                        InvalidInput("id_range", "\(range) is that of '\(other)', too"))
                }
            }
            let revisions = try Row.fetchCursor(
                connection, sql: "SELECT * FROM revisions ORDER BY function, number")
            while let row = try revisions.next() {
                let id: Int64 = row["function"]
                guard let key = functions[id]?.record.key else { continue }
                functions[id]?.revisions.append(try Revision(row: row, function: key))
            }
            return functions.values.sorted { $0.record.key < $1.record.key }
        }
    }

    package func insert(_ revision: Revision, record: FunctionRecord) async throws {
        try await write { connection in
            let id = try record.save(connection)
            try revision.insert(connection, function: id)
        }
    }

    package func update(_ record: FunctionRecord) async throws {
        try await write { connection in try record.update(connection) }
    }

    package func remove(_ function: FunctionKey) async throws {
        try await write { connection in
            try connection.execute(
                sql: "DELETE FROM functions WHERE namespace = ? AND name = ?",
                arguments: [function.namespace.description, function.name])
        }
    }

    package func removeRevisions(_ revisions: [RevisionID]) async throws {
        try await write { connection in
            for revision in revisions {
                try connection.execute(
                    sql: """
                        DELETE FROM revisions WHERE number = ? AND function =
                            (SELECT id FROM functions WHERE namespace = ? AND name = ?)
                        """,
                    arguments: [
                        revision.number, revision.function.namespace.description, revision.function.name,
                    ])
            }
        }
    }

    package func note(_ instance: InstanceRecord, of function: FunctionKey) async {
        do {
            try await writeSoon { connection in
                try instance.save(connection, of: function)
                try Self.forgetOldInstances(connection, of: function)
            }
        } catch {
            noteLost(error)
        }
    }

    /// A write that no one waits for the disk for: synchronised with the next one, or by a checkpoint.
    func writeSoon(_ body: @Sendable (Database) throws -> Void) async throws {
        do {
            try await database.writeWithoutTransaction { connection in
                // Back to FULL before anybody else's turn.
                try connection.execute(sql: "PRAGMA synchronous = NORMAL")
                defer { Self.restoreFull(connection) }
                try connection.inTransaction {
                    try body(connection)
                    return .commit
                }
            }
        } catch {
            throw mapped(error)
        }
    }

    /// A connection that could not go back to FULL would acknowledge what is not durable.
    private static func restoreFull(_ connection: Database) {
        do {
            try connection.execute(sql: "PRAGMA synchronous = FULL")
        } catch {
            preconditionFailure("SQLite accepts PRAGMA synchronous outside of a transaction: \(error)")
        }
    }

    private static func forgetOldInstances(_ connection: Database, of function: FunctionKey) throws {
        try connection.execute(
            sql: """
                DELETE FROM instances WHERE id IN (
                    SELECT instances.id FROM instances JOIN functions ON functions.id = instances.function
                    WHERE functions.namespace = ? AND functions.name = ?
                    ORDER BY instances.ended_at IS NULL DESC, instances.started_at DESC, instances.id
                    LIMIT -1 OFFSET ?)
                """,
            arguments: [function.namespace.description, function.name, Limits.instanceRecordsKept])
    }

    /// Newest first.
    package func instances(of function: FunctionKey, limit: Int) async throws -> [InstanceRecord] {
        try await read { connection in
            try Row.fetchAll(
                connection,
                sql: """
                    SELECT instances.* FROM instances JOIN functions ON functions.id = instances.function
                    WHERE functions.namespace = ? AND functions.name = ?
                    ORDER BY instances.started_at DESC, instances.id LIMIT ?
                    """,
                arguments: [function.namespace.description, function.name, max(0, limit)]
            ).map(InstanceRecord.init(row:))
        }
    }

    func read<T: Sendable>(_ body: @Sendable (Database) throws -> T) async throws -> T {
        do { return try await database.read(body) } catch { throw mapped(error) }
    }

    @discardableResult
    func write<T: Sendable>(_ body: @Sendable (Database) throws -> T) async throws -> T {
        let began = ContinuousClock.now
        do {
            let result = try await database.write(body)
            writeTimes.record(nanoseconds: (ContinuousClock.now - began).nanoseconds)
            return result
        } catch {
            failedWrites.wrappingAdd(1, ordering: .relaxed)
            throw mapped(error)
        }
    }

    /// Writes what the database holds at this moment into a new file, while others wait their turn.
    package func snapshot(to path: String) async throws {
        do {
            // VACUUM INTO takes an empty file, and leaves its mode.
            try Self.makePrivate(path)
            try await database.writeWithoutTransaction { connection in
                try connection.execute(sql: "VACUUM INTO ?", arguments: [path])
            }
        } catch {
            throw StoreError.mapping(error, file: path)
        }
    }

    /// Transactions that came to nothing.
    package var failedWriteCount: UInt64 { failedWrites.load(ordering: .relaxed) }

    /// Returns when the database has answered the simplest question.
    package func answers() async throws {
        _ = try await read { try Int.fetchOne($0, sql: "SELECT 1") }
    }

    private func mapped(_ error: any Error) -> any Error {
        if let row = error as? UnreadableRow {
            return StoreError(.unreadable, file: file, reason: row.description)
        }
        return StoreError.mapping(error, file: file)
    }
}
