internal import ControlAPI
internal import Core
internal import Gateway
internal import LinuxSystem
internal import NameService
internal import Networking
internal import Orchestrator
internal import Store

/// Everything that is counted and measured, at one moment.
struct DaemonReading: Sendable {
    struct Load: Sendable {
        var key: FunctionKey
        var inFlight: Int
    }

    var functions = 0
    var instances = InstanceCounts([])
    var loads: [Load] = []
    var gateway: GatewayReading
    var queries: [(result: QueryResult, count: UInt64)] = []
    var coldStarts: DurationCounts
    /// By the name of the phase.
    var phases: [(name: String, times: DurationCounts)] = []
    var life = LifeCounts()
    var slots = SystemInfo.Slots(free: 0, used: 0)
    var storeBytes: Int64 = 0
    var storeWrites: DurationCounts
    var failedStoreWrites: UInt64 = 0
    var lostLogEntries: UInt64 = 0
    var process = ProcessUsage()
    var startedAt: Timestamp
}

/// Reads what the parts of the daemon have counted; none of them waits for it.
struct DaemonMeter: Sendable {
    let orchestrator: Orchestrator
    let gateway: Gateway
    let queries: QueryCounters
    let slots: SlotPool
    let store: SQLiteStore
    let databasePath: String
    /// Nil where the log goes elsewhere, and waits.
    let journal: JournalSocket?
    let startedAt: Timestamp

    func read() async -> DaemonReading {
        let machines = await orchestrator.views()
        let states = machines.flatMap { $0.instances.values.map(\.visibleState) }
        let (egress, loopback) = (slots.counts(.default), slots.counts(.none))
        let times = orchestrator.startTimes
        return DaemonReading(
            functions: machines.count, instances: InstanceCounts(states),
            loads: machines.map { machine in
                let inFlight = machine.instances.values.reduce(0) { $0 + $1.gate.inFlight }
                return DaemonReading.Load(key: machine.key, inFlight: inFlight)
            },
            gateway: gateway.reading(), queries: queries.read(), coldStarts: times.total.read(),
            phases: [
                ("slot", times.slot.read()), ("sandbox", times.sandbox.read()),
                ("listen", times.listen.read()),
            ],
            life: await orchestrator.lifeCounts,
            slots: SystemInfo.Slots(
                free: egress.ready + loopback.ready, used: egress.inUse + loopback.inUse),
            storeBytes: Self.bytes(databasePath) + Self.bytes("\(databasePath)-wal"),
            storeWrites: store.writeTimes.read(), failedStoreWrites: store.failedWriteCount,
            lostLogEntries: journal?.lostCount ?? 0, process: ProcessUsage.now(), startedAt: startedAt)
    }

    /// A file that is not there has none.
    private static func bytes(_ path: String) -> Int64 {
        (try? FileStatus.of(FileName(path), at: File.currentDirectory))?.size ?? 0
    }
}
