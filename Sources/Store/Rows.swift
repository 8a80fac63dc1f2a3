internal import Core
internal import FoundationEssentials
internal import GRDB

// Rows to values and back. A row that cannot be understood is an error that names it, never skipped or
// deleted.

/// A row that cannot be understood.
struct UnreadableRow: Error, CustomStringConvertible {
    let description: String
    init(_ table: String, _ row: String, _ reason: any Error) {
        description = "a row of table \(table) (\(row)) cannot be read: \(reason)"
    }
}

extension FunctionRecord {
    init(row: Row) throws {
        do {
            let failure: String? = row["last_failure"]
            let idRange: Int? = row["id_range"]
            if let idRange, !(0..<Limits.idRanges).contains(idRange) {
                throw InvalidInput(
                    "id_range", "\(idRange) is no range of ids", allowed: "0 to \(Limits.idRanges - 1)")
            }
            self.init(
                key: try FunctionKey(name: row["name"], namespace: try NamespaceName(row["namespace"])),
                active: row["active"], previous: row["previous"], latest: row["latest"],
                settled: row["settled"], manualScale: row["manual_scale"], createdAt: row["created_at"],
                lastFailure: try failure.map { try JSONText.decode(InstanceFailure.self, $0) },
                isApplied: row["applied"], proven: try JSONText.decode(Set<Int>.self, row["proven"]),
                idRange: idRange)
        } catch {
            throw UnreadableRow("functions", "name \(row["name"] as String)", error)
        }
    }

    /// Inserts the record, or replaces the one with the same key. Returns the row's id.
    @discardableResult
    func save(_ database: Database) throws -> Int64 {
        try Int64.fetchOne(
            database,
            sql: """
                INSERT INTO functions
                    (namespace, name, active, latest, settled, manual_scale, created_at, last_failure,
                    previous, applied, proven, id_range)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (namespace, name) DO UPDATE SET active = excluded.active,
                    latest = excluded.latest, settled = excluded.settled,
                    manual_scale = excluded.manual_scale, created_at = excluded.created_at,
                    last_failure = excluded.last_failure, previous = excluded.previous,
                    applied = excluded.applied, proven = excluded.proven, id_range = excluded.id_range
                RETURNING id
                """,
            arguments: [
                key.namespace.description, key.name, active, latest, settled, manualScale, createdAt,
                try lastFailure.map(JSONText.encode), previous, isApplied,
                try JSONText.encode(proven.sorted()), idRange,
            ]) ?? 0
    }

    /// Without effect when the function has been removed.
    func update(_ database: Database) throws {
        try database.execute(
            sql: """
                UPDATE functions SET active = ?, latest = max(latest, ?), settled = ?, manual_scale = ?,
                    last_failure = ?, previous = ?, applied = ?, proven = ?
                WHERE namespace = ? AND name = ?
                """,
            arguments: [
                active, latest, settled, manualScale, try lastFailure.map(JSONText.encode), previous,
                isApplied, try JSONText.encode(proven.sorted()), key.namespace.description, key.name,
            ])
    }
}

extension Revision {
    init(row: Row, function: FunctionKey) throws {
        let number: Int = row["number"]
        do {
            guard number >= 1 else { throw InvalidInput("number", "\(number) is no revision") }
            self.init(
                id: RevisionID(function: function, number: number),
                spec: try JSONText.decode(FunctionSpec.self, row["spec"]),
                source: try JSONText.decode(RevisionSource.self, row["source"]),
                rootfs: ContentDigest(trusted: row["rootfs"]), ociConfig: [UInt8](row["oci_config"] as Data),
                createdAt: row["created_at"])
        } catch {
            throw UnreadableRow("revisions", "\(function), number \(number)", error)
        }
    }

    func insert(_ database: Database, function: Int64) throws {
        try database.execute(
            sql: """
                INSERT INTO revisions (function, number, spec, source, rootfs, oci_config, created_at)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                function, id.number, try JSONText.encode(spec), try JSONText.encode(source),
                rootfs.description, Data(ociConfig), createdAt,
            ])
    }
}

extension InstanceRecord {
    init(row: Row) throws {
        let text: String = row["id"]
        do {
            let exit: String? = row["exit"]
            guard let id = InstanceID(text), let state = InstanceState(rawValue: row["state"]) else {
                throw InvalidInput("state", "is unknown")
            }
            self.init(
                id: id, revisionNumber: row["revision"], startedAt: row["started_at"],
                endedAt: row["ended_at"], state: state,
                exit: try exit.map { try JSONText.decode(ExitStatus.self, $0) }, cause: row["cause"])
        } catch {
            throw UnreadableRow("instances", "id \(text)", error)
        }
    }

    /// Does nothing when the function is gone.
    func save(_ database: Database, of function: FunctionKey) throws {
        try database.execute(
            sql: """
                INSERT INTO instances (id, function, revision, started_at, ended_at, state, exit, cause)
                SELECT ?, functions.id, ?, ?, ?, ?, ?, ? FROM functions WHERE namespace = ? AND name = ?
                ON CONFLICT (id) DO UPDATE SET ended_at = excluded.ended_at, state = excluded.state,
                    exit = excluded.exit, cause = excluded.cause
                """,
            arguments: [
                id.description, revisionNumber, startedAt, endedAt, state.rawValue,
                try exit.map(JSONText.encode), cause, function.namespace.description, function.name,
            ])
    }
}

/// JSON columns, with sorted keys so that equal values are equal text.
enum JSONText {
    static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func decode<T: Decodable>(_ type: T.Type, _ text: String) throws -> T {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }
}
