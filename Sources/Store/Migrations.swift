internal import GRDB

/// The schema's history. A migration that was released is never edited: what changes gets the next number.
enum Migrations {
    static func all() -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("0001 functions, revisions, instances") { database in
            try database.execute(sql: first)
        }
        migrator.registerMigration("0002 events, previous revision, applied") { database in
            try database.execute(sql: second)
        }
        migrator.registerMigration("0003 secrets") { database in try database.execute(sql: secrets) }
        migrator.registerMigration("0004 namespaces") { database in try database.execute(sql: namespaces) }
        migrator.registerMigration("0005 proven revisions") { database in try database.execute(sql: proven) }
        migrator.registerMigration("0006 ranges of ids") { database in try database.execute(sql: idRanges) }
        return migrator
    }

    /// In the order in which they came; those that find none left have none.
    private static let idRanges = """
        ALTER TABLE functions ADD COLUMN id_range INTEGER;
        UPDATE functions SET id_range = numbered.place
            FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM functions) AS numbered
            WHERE numbered.id = functions.id AND numbered.place < 4094;
        CREATE UNIQUE INDEX functions_by_id_range ON functions (id_range);
        """

    /// `proven` is JSON: numbers of revisions. Until now only what was active or newer was told apart.
    private static let proven = """
        ALTER TABLE functions ADD COLUMN proven TEXT NOT NULL DEFAULT '[]';
        UPDATE functions SET proven = (
            SELECT json_group_array(number) FROM revisions
            WHERE revisions.function = functions.id AND number <= functions.active);
        -- To find the oldest of a kind.
        CREATE INDEX events_by_kind ON events (kind, number);
        """

    /// `limits` and `defaults` are JSON. Those that functions are in already are made.
    private static let namespaces = """
        CREATE TABLE namespaces (
            name TEXT PRIMARY KEY,
            limits TEXT NOT NULL,
            defaults TEXT NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT;
        INSERT INTO namespaces (name, limits, defaults, created_at)
            SELECT namespace, '{}', '{}', min(created_at) FROM functions
            WHERE namespace <> 'default' GROUP BY namespace;
        """

    /// `sealed` is encrypted; the key is not in the database.
    private static let secrets = """
        CREATE TABLE secrets (
            namespace TEXT NOT NULL,
            name TEXT NOT NULL,
            sealed BLOB NOT NULL,
            byte_count INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            PRIMARY KEY (namespace, name)
        ) STRICT;
        """

    /// Times are Unix seconds. `spec`, `source`, `last_failure` and `exit` are JSON.
    private static let first = """
        CREATE TABLE functions (
            id INTEGER PRIMARY KEY,
            namespace TEXT NOT NULL,
            name TEXT NOT NULL,
            active INTEGER,
            latest INTEGER NOT NULL,
            settled INTEGER NOT NULL,
            manual_scale INTEGER,
            created_at INTEGER NOT NULL,
            last_failure TEXT,
            UNIQUE (namespace, name)
        ) STRICT;
        CREATE TABLE revisions (
            function INTEGER NOT NULL REFERENCES functions (id) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            spec TEXT NOT NULL,
            source TEXT NOT NULL,
            rootfs TEXT NOT NULL,
            oci_config BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            PRIMARY KEY (function, number)
        ) STRICT;
        CREATE TABLE instances (
            id TEXT PRIMARY KEY,
            function INTEGER NOT NULL REFERENCES functions (id) ON DELETE CASCADE,
            revision INTEGER NOT NULL,
            started_at INTEGER NOT NULL,
            ended_at INTEGER,
            state TEXT NOT NULL,
            exit TEXT,
            cause TEXT
        ) STRICT;
        CREATE INDEX instances_of_function ON instances (function, started_at, id);
        """

    /// `at` is Unix nanoseconds. Events outlive their function.
    private static let second = """
        ALTER TABLE functions ADD COLUMN previous INTEGER;
        ALTER TABLE functions ADD COLUMN applied INTEGER NOT NULL DEFAULT 0;
        CREATE TABLE events (
            number INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            kind TEXT NOT NULL,
            namespace TEXT NOT NULL,
            name TEXT NOT NULL,
            revision INTEGER,
            instance TEXT,
            cause TEXT,
            message TEXT NOT NULL,
            call_id TEXT,
            milliseconds REAL
        ) STRICT;
        CREATE INDEX events_of_function ON events (namespace, name, number);
        """
}
