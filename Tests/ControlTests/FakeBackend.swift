import ControlAPI
import Core
import Synchronization

/// A daemon in memory.
final class FakeBackend: ControlBackend {
    private let functions = Mutex<[FunctionKey: DeployRequest]>([:])
    private let scales = Mutex<[FunctionKey: ScaleTarget]>([:])
    let queries = Mutex<[LogQuery]>([])
    let kept = Mutex<[ResourceKey: [UInt8]]>([:])
    let log: @Sendable (LogQuery) -> LogLines
    let followersEnded = Atomic<Int>(0)

    init(log: @escaping @Sendable (LogQuery) -> LogLines = { _ in AsyncThrowingStream { $0.finish() } }) {
        self.log = log
    }

    func deployed(_ key: FunctionKey) -> DeployRequest? { functions.withLock { $0[key] } }

    func deploy(_ request: DeployRequest) async throws(ControlError) -> FunctionView {
        if request.key.name == "broken" { throw ControlError(Sample.failure) }
        functions.withLock { $0[request.key] = request }
        return try view(request.key)
    }

    func list(namespace: NamespaceName?) async throws(ControlError) -> [FunctionView] {
        let keys = functions.withLock { $0.keys.sorted() }
        var views: [FunctionView] = []
        for key in keys where namespace == nil || key.namespace == namespace { views.append(try view(key)) }
        return views
    }

    func describe(_ function: FunctionKey) async throws(ControlError) -> FunctionDetail {
        Sample.detail(try view(function))
    }

    func remove(_ function: FunctionKey, ifGeneration: Int?) async throws(ControlError) {
        guard ifGeneration ?? 3 == 3 else { throw .changedMeanwhile(function, 3) }
        guard functions.withLock({ $0.removeValue(forKey: function) }) != nil else {
            throw .noSuchFunction(function)
        }
    }

    func scale(_ function: FunctionKey, _ request: ScaleRequest) async throws(ControlError) -> FunctionView {
        scales.withLock { $0[function] = request.scale }
        return try view(function)
    }

    func logs(_ function: FunctionKey, _ query: LogQuery) async throws(ControlError) -> LogLines {
        _ = try view(function)
        queries.withLock { $0.append(query) }
        return log(query)
    }

    /// Counts the bytes: what is in them is the daemon's business.
    func deploy(archive: ArchiveBody) async throws(ControlError) -> FunctionView {
        var bytes = 0
        do {
            for try await piece in archive { bytes += piece.count }
            return Sample.view(try FunctionKey(name: "bytes-\(bytes)"))
        } catch {
            throw ControlError(.malformed, "\(error)")
        }
    }

    func plan(archive: ArchiveBody) async throws(ControlError) -> FunctionPlan {
        throw ControlError(.invalid, "no plan")
    }

    func plan(_ request: DeployRequest) async throws(ControlError) -> FunctionPlan {
        FunctionPlan(
            key: request.key, action: .create, revision: nil,
            changes: FieldChange.between(nil, request.spec), warnings: [])
    }

    func undo(_ function: FunctionKey, _ request: UndoRequest) async throws(ControlError) -> FunctionView {
        try view(function)
    }

    func events(_ request: EventRequest) async throws(ControlError) -> EventLines {
        let event = Sample.event
        return AsyncThrowingStream {
            $0.yield(event)
            $0.finish()
        }
    }

    func stats(_ function: FunctionKey?) async throws(ControlError) -> StatsList { Sample.stats }

    func prune(_ request: PruneRequest) async throws(ControlError) -> PruneResult { Sample.pruned }

    func systemInfo() async throws(ControlError) -> SystemInfo { Sample.info }

    func systemCheck() async throws(ControlError) -> [CheckItem] { Sample.checks }
    func backup() async throws(ControlError) -> any BackupStream {
        throw ControlError(.unavailable, "no backup here")
    }
    func restore(replacing: Bool) async throws(ControlError) -> any RestoreSink {
        throw ControlError(.conflict, "no restore here")
    }
    func reload() async throws(ControlError) -> ReloadReport { Sample.reload }

    private func view(_ key: FunctionKey) throws(ControlError) -> FunctionView {
        guard let request = functions.withLock({ $0[key] }) else { throw .noSuchFunction(key) }
        let scale = scales.withLock { $0[key] } ?? .auto
        return Sample.view(key, source: request.source, scale: scale)
    }
}

enum Sample {
    static let failure = InstanceFailure(
        phase: .start, cause: "CommandNotFound", message: "there is no /bin/nothing", exit: .code(127),
        instance: InstanceID("0123456789ab"), callID: "call-1", log: ["one", "two"], at: 1_700_000_000)

    static var event: EventView {
        guard let key = try? FunctionKey(name: "hello") else { preconditionFailure("the name is valid") }
        return EventView(
            EventRecord(
                number: 7, at: 1_700_000_000_123_456_789, kind: .failed, function: key, revision: 2,
                instance: InstanceID("0123456789ab"), cause: "OOMKilled", message: "too much",
                callID: "call-1"))
    }

    static func view(
        _ key: FunctionKey, source: RevisionSource = .bundle(path: "/srv/b"), scale: ScaleTarget = .auto
    ) -> FunctionView {
        FunctionView(
            key: key, active: RevisionID(function: key, number: 2),
            latest: RevisionID(function: key, number: 3),
            mode: .http, source: source, scale: scale,
            instances: InstanceCounts([.ready, .frozen, .stopped]),
            inFlight: 1, createdAt: Timestamp(unixSeconds: 1_700_000_000), lastFailureCause: "OOMKilled",
            generation: 3, applied: true)
    }

    static func detail(_ view: FunctionView) -> FunctionDetail {
        guard let key = try? FunctionKey(name: view.name, namespace: view.namespace),
            let id = InstanceID("0123456789ab")
        else { preconditionFailure("the sample's names are valid") }
        var spec = FunctionSpec()
        spec.command = ["/bin/hello"]
        spec.environment = ["A": "b"]
        spec.limits = LimitSpec(memory: .mebibytes(64), cpu: CPUQuantity(millicores: 500), pids: 64)
        let revision = Revision(
            id: RevisionID(function: key, number: 2), spec: spec, source: .rootfs(path: "/srv/r"),
            rootfs: ContentDigest(trusted: "sha256:0"), ociConfig: [], createdAt: 1_700_000_000)
        let instance = InstanceView(
            id: id, revision: revision.id, state: .ready, inFlight: 1, served: 12, idleSeconds: 0.5,
            startedAt: Timestamp(unixNanoseconds: 1_700_000_000_123_456_789), startMilliseconds: 1.25,
            address: "10.10.0.2", pid: 4711)
        let past = PastInstanceView(
            InstanceRecord(
                id: id, revisionNumber: 1, startedAt: 1, endedAt: 2, state: .failed, exit: .oomKilled,
                cause: "OOMKilled"), of: key)
        return FunctionDetail(
            function: view, spec: spec, revisions: [RevisionView(revision, state: .active)],
            instances: [instance],
            past: [past], lastFailure: FailureView(failure), warnings: ["memory is not enforced"],
            ids: IDRangeView(first: 1_879_113_728, shared: false))
    }

    static let reload = ReloadReport(changes: [
        ReloadReport.Change(setting: "log-level", from: "info", to: "debug", applied: true)
    ])
    static var stats: StatsList {
        guard let key = try? FunctionKey(name: "hello"), let id = InstanceID("0123456789ab") else {
            preconditionFailure("the sample's names are valid")
        }
        var usage = InstanceUsage()
        usage.cpuMicroseconds = 1500
        usage.memory = .mebibytes(3)
        usage.memorySource = .cgroup
        usage.pids = 2
        let view = StatsView(
            usage, of: id, revision: RevisionID(function: key, number: 2), state: .ready, inFlight: 1,
            served: 12)
        return StatsList(at: Timestamp(unixSeconds: 1_700_000_000), instances: [view])
    }

    static let pruned = PruneResult(
        revisions: ["hello-00001.default"], contents: Reclaimed(count: 1, bytes: 2),
        logs: Reclaimed(count: 3, bytes: 4))

    static let info = SystemInfo(
        version: TorporVersion.current, pid: 1, startedAt: Timestamp(unixSeconds: 1_700_000_000),
        uptimeSeconds: 5,
        stateDirectory: "/var/lib/torpor", runDirectory: "/run/torpor", gateway: "127.0.0.1:8080",
        kernel: "6.1.0",
        architecture: "x86_64", rootless: false, functions: 1, instances: InstanceCounts([.ready]),
        cgroup: SystemInfo.Cgroup(path: "/sys/fs/cgroup/x", controllers: ["memory"], canFreeze: true),
        slots: SystemInfo.Slots(free: 3, used: 1))

    static let checks = [
        CheckItem(name: "kernel", status: .ok, detail: "6.1.0"),
        CheckItem(name: "memory", status: .missing, detail: "none", costs: "no limits", mend: "boot with it"),
    ]
}
