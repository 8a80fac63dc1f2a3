internal import ControlAPI
internal import Core
internal import Images
internal import LinuxSystem
internal import Logging
internal import Orchestrator

/// The control API over the orchestrator: translates values and errors, decides nothing.
struct Backend: ControlBackend {
    let orchestrator: Orchestrator
    let logs: LogLineSource
    let host: HostReport
    let images: ImageStore
    let meter: DaemonMeter
    let live: LiveConfiguration
    let desk: BackupDesk
    let resources: Resources

    func deploy(_ request: DeployRequest) async throws(ControlError) -> FunctionView {
        try await deploy(request, from: nil)
    }

    /// - Parameter place: where the source's files lie, when that is not where the request says.
    func deploy(
        _ request: DeployRequest, from place: RevisionSource?
    ) async throws(ControlError) -> FunctionView {
        let outcome: DeployOutcome
        do {
            outcome = try await orchestrator.deploy(
                request.key, source: request.source, spec: request.spec, wait: request.wait,
                ifGeneration: request.ifGeneration, isApplied: request.applied,
                from: place)
        } catch {
            throw Self.translate(error)
        }
        if case .failed(_, let failure) = outcome { throw ControlError(failure) }
        return try await view(request.key)
    }

    func list(namespace: NamespaceName?) async throws(ControlError) -> [FunctionView] {
        await orchestrator.views()
            .filter { namespace == nil || $0.key.namespace == namespace }
            .map { FunctionView($0, host) }
    }

    func describe(_ function: FunctionKey) async throws(ControlError) -> FunctionDetail {
        guard let machine = await orchestrator.view(of: function), let shown = machine.shownRevision else {
            throw .noSuchFunction(function)
        }
        let past: [InstanceRecord]
        do {
            past = try await orchestrator.pastInstances(of: function, limit: Limits.instancesShown)
        } catch {
            throw Self.translate(error)
        }
        var instances: [InstanceView] = []
        for instance in machine.instances.values.sorted(by: { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) })
        {
            instances.append(await instanceView(instance, of: function))
        }
        return FunctionDetail(
            function: FunctionView(machine, host), spec: shown.spec, revisions: machine.revisionViews,
            instances: instances,
            past: past.map { PastInstanceView($0, of: function) },
            lastFailure: machine.record.lastFailure.map(FailureView.init),
            warnings: host.warnings(shown.spec.limits, shown.ociConfig), ids: host.ids(of: machine))
    }

    func remove(_ function: FunctionKey, ifGeneration: Int?) async throws(ControlError) {
        do {
            try await orchestrator.remove(function, ifGeneration: ifGeneration)
        } catch {
            throw Self.translate(error)
        }
    }

    func scale(_ function: FunctionKey, _ request: ScaleRequest) async throws(ControlError) -> FunctionView {
        let count: Int? =
            switch request.scale {
            case .auto: nil
            case .count(let count): count
            }
        do {
            try await orchestrator.scale(function, to: count, ifGeneration: request.ifGeneration)
        } catch {
            throw Self.translate(error)
        }
        return try await view(function)
    }

    func logs(_ function: FunctionKey, _ query: LogQuery) async throws(ControlError) -> LogLines {
        guard await orchestrator.view(of: function) != nil else { throw .noSuchFunction(function) }
        return await logs.lines(of: function, query)
    }

    func systemInfo() async throws(ControlError) -> SystemInfo {
        host.info(await meter.read())
    }

    func reload() async throws(ControlError) -> ReloadReport { try live.reload() }

    func systemCheck() async throws(ControlError) -> [CheckItem] { host.checks() }

    func view(_ key: FunctionKey) async throws(ControlError) -> FunctionView {
        guard let machine = await orchestrator.view(of: key) else { throw .noSuchFunction(key) }
        return FunctionView(machine, host)
    }

    private func instanceView(
        _ instance: FunctionMachine.Instance, of function: FunctionKey
    ) async -> InstanceView {
        let handle = await orchestrator.handle(of: instance.id)
        let now = KernelClock.monotonic()
        let idle = handle == nil || instance.gate.inFlight > 0 ? nil : now - instance.gate.lastUsedAt
        return InstanceView(
            id: instance.id, revision: RevisionID(function: function, number: instance.revision),
            state: instance.visibleState, inFlight: instance.gate.inFlight, served: instance.gate.served,
            idleSeconds: idle.map { Double($0) / 1e9 }, startedAt: Timestamp(unixSeconds: instance.createdAt),
            startMilliseconds: handle.map { Double($0.readyAt - $0.startedAt) / 1e6 },
            address: handle.flatMap { host.address(of: $0.slot) },
            pid: await orchestrator.processID(of: instance.id))
    }

    static func translate(_ error: any Error) -> ControlError {
        switch error {
        case let error as ControlError: error
        case let error as InvalidInput: ControlError(error)
        case let error as InstanceFailure: ControlError(error)
        case CommandError.unknownFunction(let key): .noSuchFunction(key)
        case CommandError.stillDraining(let key):
            ControlError(
                .conflict,
                "'\(key)' was removed, but requests that it has in flight do not end: try again, or choose another name"
            )
        case CommandError.changedMeanwhile(let key, let latest): .changedMeanwhile(key, latest)
        case CommandError.unknownRevision(let key, let number, let kept): .noSuchRevision(key, number, kept)
        case CommandError.nothingToUndo(let key): .nothingToUndo(key)
        case CommandError.namespaceExists(let name):
            ControlError(.conflict, "namespace '\(name)' is there already")
        case CommandError.unknownNamespace(let name): .noSuchNamespace(name)
        case CommandError.inUse(let users):
            ControlError(.conflict, "is used by \(users.map(\.description).joined(separator: ", "))")
        case CommandError.closing: ControlError(.unavailable, "the daemon is stopping")
        case CommandError.tooManyFunctions:
            ControlError(
                .unavailable, "\(Limits.functions) functions are deployed, the most that are allowed")
        case CommandError.noFreeIDs(let ids):
            ControlError(
                .unavailable,
                "all \(ids.ranges) ranges of \(Limits.containerIDs) user ids from \(ids.first ?? 0) on are in use: "
                    + "remove functions, or give torpord more ids (uid-base)")
        default: ControlError(.internal, "\(error)")
        }
    }
}
