package import Core

/// What a prune removed, or would remove.
package struct PruneReport: Sendable {
    package let revisions: [RevisionID]
    package let contents: Reclaimed
    package let logs: Reclaimed
}

extension FunctionMachine {
    /// Revisions that take no requests, are not coming up, and that an undo would not go back to.
    fileprivate var unneeded: [Int] {
        let needed = [record.active, record.previous, candidate].compactMap(\.self)
        let running = Set(instances.values.map(\.revision))
        return revisions.keys.filter { !needed.contains($0) && !running.contains($0) }.sorted()
    }
}

extension Orchestrator {
    /// - Parameters:
    ///   - revisions: whether unneeded revisions go too; else only what belongs to nothing.
    ///   - isDryRun: whether to tell alone.
    package func prune(revisions: Bool, isDryRun: Bool) async throws -> PruneReport {
        await lockContent()
        defer { contentLock.release() }
        var dropped: [RevisionID] = []
        var forgotten: [Revision] = []
        if revisions {
            for key in functions.keys.sorted() {
                let numbers = functions[key]?.unneeded ?? []
                dropped += numbers.map { RevisionID(function: key, number: $0) }
                if !isDryRun {
                    forgotten += numbers.compactMap { functions[key]?.revisions.removeValue(forKey: $0) }
                }
            }
        }
        let gone = Set(dropped)
        let used = withHeldContent(
            functions.values.flatMap { $0.revisions.values.filter { !gone.contains($0.id) }.map(\.rootfs) })
        let contents = await images.garbage(keeping: used)
        if !isDryRun {
            // Their records before their files: what a crash leaves is garbage, never a revision without files.
            do { try await removeDurably(dropped) } catch {
                // Still stored, so still there; else the next collection would take their files.
                for revision in forgotten {
                    functions[revision.id.function]?.revisions[revision.id.number] = revision
                }
                throw error
            }
            for revision in dropped { await sandboxes.forget(revision) }
            await images.collectGarbage(keeping: used)
        }
        return PruneReport(revisions: dropped, contents: contents, logs: await logs.prune(isDryRun: isDryRun))
    }

    private func removeDurably(_ revisions: [RevisionID]) async throws {
        if revisions.isEmpty { return }
        journal.write(.removeRevisions(revisions))
        if let refused = await journal.flush() { throw refused }
    }
}
