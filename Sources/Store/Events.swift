package import Core
internal import GRDB

extension SQLiteStore {
    package func append(_ events: [EventRecord]) async throws {
        try await writeSoon { connection in
            for event in events { try event.insert(connection) }
            // Not every time: it walks over all that are kept.
            if events.contains(where: { $0.number % 100 == 0 }) { try Self.forgetOldEvents(connection) }
        }
    }

    /// Of what comes with every sleep less is kept: it must not push out what tells of failures.
    private static func forgetOldEvents(_ connection: Database) throws {
        for (which, kept) in [
            ("kind IN ('froze', 'woke')", Limits.sleepEventsKept), ("true", Limits.eventsKept),
        ] {
            try connection.execute(
                sql: """
                    DELETE FROM events WHERE \(which) AND number <= (
                        SELECT number FROM events WHERE \(which) ORDER BY number DESC LIMIT 1 OFFSET ?)
                    """,
                arguments: [kept])
        }
    }

    package func events(_ query: EventQuery) async throws -> [EventRecord] {
        try await read { connection in
            try Row.fetchAll(
                connection,
                sql: """
                    SELECT * FROM events
                    WHERE (?1 IS NULL OR namespace = ?1) AND (?2 IS NULL OR name = ?2)
                        AND (?3 IS NULL OR kind = ?3) AND (?4 IS NULL OR at >= ?4)
                    ORDER BY number DESC LIMIT ?5
                    """,
                arguments: [
                    (query.function?.namespace ?? query.namespace)?.description, query.function?.name,
                    query.kind?.rawValue, query.since, min(max(0, query.limit), Limits.eventsKept),
                ]
            ).reversed().map(EventRecord.init(row:))
        }
    }

    package func lastEvent() async throws -> Int64 {
        try await read { connection in
            try Int64.fetchOne(connection, sql: "SELECT max(number) FROM events") ?? 0
        }
    }
}

extension EventRecord {
    fileprivate init(row: Row) throws {
        let number: Int64 = row["number"]
        do {
            let text: String = row["kind"]
            guard let kind = EventKind(rawValue: text) else {
                throw InvalidInput("kind", "'\(text)' is unknown")
            }
            let instance: String? = row["instance"]
            self.init(
                number: number, at: row["at"], kind: kind,
                function: try FunctionKey(name: row["name"], namespace: NamespaceName(row["namespace"])),
                revision: row["revision"], instance: instance.flatMap { InstanceID($0) }, cause: row["cause"],
                message: row["message"], callID: row["call_id"], milliseconds: row["milliseconds"])
        } catch {
            throw UnreadableRow("events", "number \(number)", error)
        }
    }

    fileprivate func insert(_ database: Database) throws {
        try database.execute(
            sql: """
                INSERT INTO events
                    (number, at, kind, namespace, name, revision, instance, cause, message, call_id,
                    milliseconds)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                number, at, kind.rawValue, function.namespace.description, function.name, revision,
                instance?.description, cause, message, callID, milliseconds,
            ])
    }
}
