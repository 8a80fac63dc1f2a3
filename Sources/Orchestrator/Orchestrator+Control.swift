package import Core
internal import Scaling

/// Why a command could not be carried out, beside `InvalidInput` and `InstanceFailure`.
package enum CommandError: Error, Sendable, Equatable {
    case unknownFunction(FunctionKey)
    /// The daemon stops.
    case closing
    /// Removed, but requests that it has in flight do not end.
    case stillDraining(FunctionKey)
    /// `Limits.functions` are deployed.
    case tooManyFunctions
    /// All these ranges of ids are functions', or some process of the host has them.
    case noFreeIDs(HostIDs)
    /// Somebody else deployed or removed it since its generation was looked at; `latest` is 0 where it is gone.
    case changedMeanwhile(FunctionKey, latest: Int)
    case unknownRevision(FunctionKey, Int, kept: [Int])
    /// There is no revision before the one that takes requests.
    case nothingToUndo(FunctionKey)
    case namespaceExists(NamespaceName)
    case unknownNamespace(NamespaceName)
    /// None of its instances runs, and none was to be woken.
    case asleep(FunctionKey)
    /// It has no such instance, or that one takes nothing yet or any more.
    case noSuchInstance(FunctionKey, InstanceID, InstanceState?)
    /// No instance came up; why, where that is known.
    case notWoken(FunctionKey, InstanceFailure?, lacksRoom: Bool)
    /// What is to be removed is used by these, in their order.
    case inUse([FunctionKey])
}

/// What a deploy came to.
package enum DeployOutcome: Sendable {
    /// The same as what is active: nothing was done.
    case unchanged(RevisionID)
    /// Stored; where `wait` was asked for, it takes requests now.
    case deployed(RevisionID)
    /// Stored, but it did not come up; the revision before it, if any, goes on.
    case failed(RevisionID, InstanceFailure)
}

// What people ask for, by the control socket.
extension Orchestrator {
    /// Imports the content, stores a new revision, and brings it up.
    ///
    /// - Parameters:
    ///   - wait: until it takes requests or has failed; else only until it is stored.
    ///   - ifGeneration: refused unless this is the highest revision ever used, 0 for a function that is not there.
    ///   - isApplied: whether it comes from a manifest.
    ///   - place: where the source's files lie, when that is not where the source says.
    /// - Throws: `InvalidInput`, `CommandError`, or what the store or the disk refused.
    package func deploy(
        _ key: FunctionKey, source: RevisionSource, spec: FunctionSpec, wait: Bool, ifGeneration: Int? = nil,
        isApplied: Bool = false, from place: RevisionSource? = nil
    ) async throws -> DeployOutcome {
        let spec = completed(spec, key)
        try spec.validate()
        try await lockContent(whenGone: key)
        let stored: DeployOutcome
        do {
            defer { contentLock.release() }
            try check(ifGeneration, of: key)
            let content = try await images.importContent(place ?? source, spec: spec)
            stored = try await store(key, source, spec, content, isApplied: isApplied)
        }
        return wait ? await outcome(of: stored) : stored
    }

    /// Two people who change one function at once: the second is told, instead of undoing what the first did.
    func check(_ generation: Int?, of key: FunctionKey) throws {
        guard let generation else { return }
        let latest = view(of: key)?.record.latest ?? 0
        guard latest == generation else { throw CommandError.changedMeanwhile(key, latest: latest) }
    }

    /// Waits until the rollout has ended.
    func outcome(of stored: DeployOutcome) async -> DeployOutcome {
        guard case .deployed(let id) = stored else { return stored }
        let key = id.function
        let failure = await withCheckedContinuation { continuation in
            if let machine = functions[key], machine.candidate == id.number {
                rollouts[id, default: []].append(continuation)
            } else {
                continuation.resume(returning: functions[key]?.failure(ofRollout: id.number))
            }
        }
        return failure.map { .failed(id, $0) } ?? .deployed(id)
    }

    /// A function that was removed and whose instances still drain keeps its name until they are gone. Takes the
    /// content lock with the name free.
    func lockContent(whenGone key: FunctionKey) async throws {
        let deadline = time.now() + Limits.removalWait.nanoseconds
        await lockContent()
        while functions[key]?.isRemoved == true {
            contentLock.release()
            guard time.now() < deadline else { throw CommandError.stillDraining(key) }
            let time = time
            let timer = Task {  // Cancelled below.
                do { try await time.sleep(until: deadline) } catch { return }
                wakeDepartures(key)
            }
            await withCheckedContinuation { departures[key, default: []].append($0) }
            timer.cancel()
            await lockContent()
        }
    }

    func wakeDepartures(_ key: FunctionKey) {
        for continuation in departures.removeValue(forKey: key) ?? [] { continuation.resume() }
    }

    /// Makes a revision of content that is there. With the content lock held.
    func store(
        _ key: FunctionKey, _ source: RevisionSource, _ spec: FunctionSpec, _ content: ImportedContent,
        isApplied: Bool
    ) async throws -> DeployOutcome {
        // What was decided before is written before: a late record must not undo this one. What cannot be is its own
        // writer's to tell.
        _ = await journal.flush()
        try tellingRefusal(of: key, "a deploy") { () throws(InvalidInput) in
            try admitToNamespace(key, spec)
        }
        try admit(key, spec)
        guard !isClosing else { throw CommandError.closing }
        let known = functions[key]
        guard known != nil || functions.count < Limits.functions else { throw CommandError.tooManyFunctions }
        if let known, let active = known.active, known.runs(spec, content) {
            if known.record.isApplied != isApplied {
                functions[key]?.record.isApplied = isApplied
                try await journal.store.update(functions[key]?.record ?? known.record)
            }
            return .unchanged(active.id)
        }
        let id = RevisionID(function: key, number: (known?.record.latest ?? 0) + 1)
        let revision = Revision(
            id: id, spec: spec, source: source, rootfs: content.rootfs, ociConfig: content.ociConfig,
            createdAt: time.unixTime())
        try await sandboxes.prepare(revision)
        var record =
            functions[key]?.record
            ?? FunctionRecord(
                key: key, active: nil, latest: 0, settled: 0, manualScale: nil, createdAt: time.unixTime(),
                lastFailure: nil)
        record.latest = id.number
        record.isApplied = isApplied
        do {
            record.idRange = try await idRange(for: record)
            try await journal.store.insert(revision, record: record)
        } catch {
            await sandboxes.forget(id)
            throw error
        }
        // Stored: a daemon that starts again brings it up.
        guard !isClosing else { throw CommandError.closing }
        if functions[key] == nil {
            functions[key] = FunctionMachine(
                stored: StoredFunction(record: record, revisions: []), makeID: makeID)
            router.upsert(RoutePolicy(key: key, spec: spec))
        }
        functions[key]?.record.isApplied = isApplied
        functions[key]?.record.idRange = record.idRange
        apply(.deployed(revision), to: key)
        return .deployed(id)
    }

    /// Forgets a function; its instances finish what they have in flight. Returns when that is durable.
    /// - Parameter ifGeneration: as in `deploy`.
    package func remove(_ key: FunctionKey, ifGeneration: Int? = nil) async throws {
        await lockContent()
        defer { contentLock.release() }
        _ = await journal.flush()
        guard functions[key]?.isRemoved == false else { throw CommandError.unknownFunction(key) }
        try check(ifGeneration, of: key)
        try await journal.store.remove(key)
        router.remove(key)
        apply(.removed, to: key)
    }

    /// - Parameters:
    ///   - count: instances to keep, 0 to `Limits.instancesPerFunction`; nil is auto. - ifGeneration: as in `deploy`.
    package func scale(_ key: FunctionKey, to count: Int?, ifGeneration: Int? = nil) async throws {
        guard functions[key]?.isRemoved == false else { throw CommandError.unknownFunction(key) }
        try check(ifGeneration, of: key)
        if let count, !(0...Limits.instancesPerFunction).contains(count) {
            throw InvalidInput(
                "scale", "\(count) is out of range",
                allowed: "0 to \(Limits.instancesPerFunction), or auto")
        }
        if let count {
            try tellingRefusal(of: key, "scaling") { () throws(InvalidInput) in
                try admitScale(key, to: count)
            }
        }
        apply(.scaled(count), to: key)
        if let refused = await journal.flush() { throw refused }
    }

    /// A function as it is now, for people.
    package func view(of key: FunctionKey) -> FunctionMachine? {
        functions[key].flatMap { $0.isRemoved ? nil : $0 }
    }

    package func views() -> [FunctionMachine] {
        functions.values.filter { !$0.isRemoved }.sorted { $0.key < $1.key }
    }

    /// Where a ready instance is reached and when it started, for people.
    package func handle(of id: InstanceID) -> InstanceHandle? { running[id]?.handle }

    /// The id of its PID 1 on the host, for tools such as nsenter(1).
    package func processID(of id: InstanceID) -> Int? { running[id]?.sandbox?.processID }

    /// What it uses now; nil when nothing of it runs.
    package func usage(of id: InstanceID) async -> InstanceUsage? { await running[id]?.sandbox?.usage() }

    package func pastInstances(of key: FunctionKey, limit: Int) async throws -> [InstanceRecord] {
        try await journal.store.instances(of: key, limit: limit)
    }

    func collectGarbage() async {
        await lockContent()
        defer { contentLock.release() }
        let used = functions.values.flatMap { $0.revisions.values.map(\.rootfs) }
        await images.collectGarbage(keeping: withHeldContent(used))
    }

    func lockContent() async {
        if contentLock.tryTake() { return }
        await withCheckedContinuation { contentLock.enqueue($0) }
    }
}
