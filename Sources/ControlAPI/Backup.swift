/// A backup as it comes, piece by piece.
package protocol BackupStream: Sendable {
    /// The next bytes, never none; nil at the end. One call at a time.
    func next() async throws -> [UInt8]?
    /// Nobody will ask for more, or all has been asked for. May be called again.
    func close() async
}

/// A backup that is being put back: everything is checked before anything takes the place of what is there.
package protocol RestoreSink: Sendable {
    func write(_ bytes: [UInt8]) async throws(ControlError)
    /// The backup is whole: it is checked, and the daemon starts anew with it.
    func finish() async throws(ControlError) -> RestoreReport
    /// It will not come to an end; nothing has changed. May be called again.
    func abandon() async
}

/// What a restored backup holds.
package struct RestoreReport: Sendable, Hashable, Codable {
    package var functions: Int
    /// When it was made, and by which version.
    package var createdAt: Timestamp
    package var version: String
    /// Where what was there before is kept until the next restore; nil when there was nothing.
    package var previous: String?

    package init(functions: Int, createdAt: Timestamp, version: String, previous: String?) {
        self.functions = functions
        self.createdAt = createdAt
        self.version = version
        self.previous = previous
    }
}
