package import Core

/// What to give back to the disk, beside content that no revision uses and logs of instances that are gone.
package struct PruneRequest: Sendable, Hashable {
    /// Also revisions that take no requests and that an undo would not go back to.
    package var revisions: Bool
    /// Only tell what would be removed.
    package var dryRun: Bool

    package init(revisions: Bool, dryRun: Bool) {
        self.revisions = revisions
        self.dryRun = dryRun
    }
}

extension PruneRequest: Codable {
    package enum CodingKeys: String, CodingKey, CaseIterable { case revisions, dryRun }

    /// Unknown keys are errors here, as in every request.
    package init(from decoder: any Decoder) throws {
        try StrictKeys.check(decoder, CodingKeys.self)
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        revisions = try fields.decode(Bool.self, forKey: .revisions)
        dryRun = try fields.decode(Bool.self, forKey: .dryRun)
    }
}

/// What was removed, or would be.
package struct PruneResult: Sendable, Hashable, Codable {
    /// `hello-00001.default`.
    package var revisions: [String]
    /// Root filesystems, and the bytes of their files.
    package var contents: Int
    package var contentBytes: Int64
    /// Log files, and their bytes.
    package var logs: Int
    package var logBytes: Int64

    package init(revisions: [String], contents: Reclaimed, logs: Reclaimed) {
        self.revisions = revisions
        self.contents = contents.count
        contentBytes = contents.bytes
        self.logs = logs.count
        logBytes = logs.bytes
    }
}
