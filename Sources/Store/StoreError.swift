internal import GRDB

/// Why the database could not be opened, read or written. Names the file and what to do about it.
package struct StoreError: Error, Sendable, CustomStringConvertible {
    package enum Kind: Sendable, Hashable {
        /// The file or its directory cannot be opened or written.
        case inaccessible
        /// The file is no SQLite database, or is damaged.
        case corrupt
        /// Written by a newer version of Torpor.
        case tooNew
        /// Sound as a database, but a row cannot be understood. Nothing was deleted.
        case unreadable
        /// Another process holds it.
        case locked
        /// The disk is full, or `Limits.databaseBytes` is reached. Nothing that was acknowledged is lost.
        case full
        /// Anything else that SQLite reports.
        case failed
    }

    package let kind: Kind
    package let file: String
    /// What SQLite or the decoder said.
    package let reason: String

    package init(_ kind: Kind, file: String, reason: String) {
        self.kind = kind
        self.file = file
        self.reason = reason
    }

    package var description: String { "database \(file): \(reason); \(advice)" }

    private var advice: String {
        switch kind {
        case .inaccessible: "check that the directory exists, is writable and is not mounted read-only"
        case .corrupt:
            "stop torpord, move the file and its -wal and -shm aside, restore a backup or deploy again"
        case .tooNew: "run the version of torpord that wrote it, or a newer one"
        case .unreadable: "nothing was deleted; report this, or repair the row with sqlite3(1)"
        case .locked: "stop the other process that has it open"
        case .full: "make room on its file system; nothing that was acknowledged is lost"
        case .failed: "look at the system's log for errors of the disk"
        }
    }

    /// - Parameter error: whatever GRDB, a decoder or the runtime threw.
    /// - Returns: the same as a `StoreError`, or as it is when it is a cancellation.
    package static func mapping(_ error: any Error, file: String) -> any Error {
        switch error {
        case is StoreError, is CancellationError: return error
        case let error as DatabaseError:
            return StoreError(kind(of: error.resultCode), file: file, reason: reason(of: error))
        case is DecodingError: return StoreError(.unreadable, file: file, reason: "\(error)")
        default: return StoreError(.failed, file: file, reason: "\(error)")
        }
    }

    private static func kind(of code: ResultCode) -> Kind {
        switch code {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT: .corrupt
        case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH: .inaccessible
        case .SQLITE_BUSY, .SQLITE_LOCKED: .locked
        case .SQLITE_FULL: .full
        default: .failed
        }
    }

    private static func reason(of error: DatabaseError) -> String {
        "\(error.message ?? "no reason given") (SQLite \(error.extendedResultCode.rawValue))"
    }
}
