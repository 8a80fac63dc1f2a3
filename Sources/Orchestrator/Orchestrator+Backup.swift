package import Core

/// Content that is kept for a while although no function may use it any more.
package struct ContentHold: Sendable {
    let number: Int
    package let digests: Set<ContentDigest>
    package let functions: Int
}

extension Orchestrator {
    /// Runs `snapshot` while no content comes or goes; what is in use then is kept until `release`.
    package func hold(_ snapshot: @Sendable () async throws -> Void) async throws -> ContentHold {
        await lockContent()
        defer { contentLock.release() }
        // What was dropped before is not in the snapshot, then; what is dropped while it is made still is.
        if let refused = await journal.flush() { throw refused }
        let before = usedContent
        try await snapshot()
        lastHold += 1
        let digests = before.union(usedContent)
        heldContent[lastHold] = digests
        return ContentHold(number: lastHold, digests: digests, functions: views().count)
    }

    private var usedContent: Set<ContentDigest> {
        Set(functions.values.flatMap { $0.revisions.values.map(\.rootfs) })
    }

    package func release(_ hold: ContentHold) async {
        heldContent[hold.number] = nil
        await collectGarbage()
    }

    /// What is used, and what backups still read.
    func withHeldContent(_ used: [ContentDigest]) -> Set<ContentDigest> {
        heldContent.values.reduce(Set(used)) { $0.union($1) }
    }
}
