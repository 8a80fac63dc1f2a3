package import Core
internal import Scaling

/// What a deploy would do.
package struct DeployPlan: Sendable {
    /// What it would be compared with: the revision that takes requests, else the newest; nil for a new function.
    package let current: Revision?
    package let rootfs: ContentDigest
    package let ociConfig: [UInt8]
    /// The spec with the namespace's defaults.
    package let spec: FunctionSpec
    /// Whether nothing at all would happen.
    package let isUnchanged: Bool
    /// The highest revision number ever used.
    package let generation: Int
}

extension FunctionMachine {
    /// Whether a deploy of this would change nothing.
    func runs(_ spec: FunctionSpec, _ content: ImportedContent) -> Bool {
        guard let active, !isRemoved else { return false }
        return candidate == nil && isProven && active.spec == spec && active.rootfs == content.rootfs
            && active.ociConfig == content.ociConfig && record.manualScale == nil && backoff.failures == 0
    }
}

// Looking ahead and going back.
extension Orchestrator {
    /// Everything of a deploy that can be refused, done and thrown away: the content is imported, the revision compiled.
    package func plan(
        _ key: FunctionKey, source: RevisionSource, spec: FunctionSpec, from place: RevisionSource? = nil
    ) async throws -> DeployPlan {
        let spec = completed(spec, key)
        try spec.validate()
        let plan: DeployPlan
        do {
            await lockContent()
            defer { contentLock.release() }
            try admitToNamespace(key, spec)
            try admit(key, spec)
            let content = try await images.importContent(place ?? source, spec: spec)
            let machine = view(of: key)
            let latest = machine?.record.latest ?? 0
            let revision = Revision(
                id: RevisionID(function: key, number: latest + 1), spec: spec, source: source,
                rootfs: content.rootfs, ociConfig: content.ociConfig, createdAt: time.unixTime())
            // Nobody else has this number: revisions are made with the lock held.
            try await sandboxes.prepare(revision)
            await sandboxes.forget(revision.id)
            plan = DeployPlan(
                current: machine?.active ?? machine?.revisions.values.max { $0.id < $1.id },
                rootfs: content.rootfs, ociConfig: content.ociConfig, spec: spec,
                isUnchanged: machine?.runs(spec, content) ?? false,
                generation: latest)
        }
        await collectGarbage()
        return plan
    }

    /// Deploys an earlier revision again, as a new one.
    /// - Parameter number: nil is the one that took requests before the active one; while a newer one than the active
    ///   one comes up, or where it failed to, the active one itself.
    package func undo(
        _ key: FunctionKey, to number: Int?, ifGeneration: Int?, wait: Bool
    ) async throws -> DeployOutcome {
        let stored: DeployOutcome
        do {
            await lockContent()
            defer { contentLock.release() }
            guard let machine = view(of: key) else { throw CommandError.unknownFunction(key) }
            try check(ifGeneration, of: key)
            let target = try machine.undoTarget(number)
            let content = ImportedContent(rootfs: target.rootfs, ociConfig: target.ociConfig)
            stored = try await store(
                key, target.source, target.spec, content, isApplied: machine.record.isApplied)
        }
        return wait ? await outcome(of: stored) : stored
    }
}

extension FunctionMachine {
    fileprivate func undoTarget(_ number: Int?) throws -> Revision {
        if let number {
            guard let revision = revisions[number] else {
                throw CommandError.unknownRevision(key, number, kept: revisions.keys.sorted())
            }
            return revision
        }
        let isAhead = revisions.keys.contains { $0 > record.active ?? 0 }
        guard let number = isAhead && isProven ? record.active : record.previous,
            let revision = revisions[number]
        else {
            throw CommandError.nothingToUndo(key)
        }
        return revision
    }
}
