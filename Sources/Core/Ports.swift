// The orchestrator sees the world only through these protocols; each has one adapter, and one fake in the simulator.
// None of their calls blocks the cooperative pool: adapters own threads for what blocks.

/// Time, injected. Nanoseconds of CLOCK_MONOTONIC, and the wall clock for what people read.
package protocol Timekeeper: Sendable {
    func now() -> Int64
    /// Unix seconds.
    func unixTime() -> Int64
    /// Unix nanoseconds.
    func unixNanoseconds() -> Int64
    /// Returns at `deadline` (monotonic nanoseconds), or throws when the task is cancelled.
    func sleep(until deadline: Int64) async throws
}

/// What is needed to start one instance.
package struct LaunchRequest: Sendable {
    package let instance: InstanceID
    package let revision: Revision
    package let slot: SlotID
    /// The number of its function's range of ids (`HostIDs`).
    package let idRange: Int?
    /// Called when the instance runs out of something, once for each kind; from any thread, must not block.
    package let notice: @Sendable (ExhaustionNotice) -> Void

    package init(
        instance: InstanceID, revision: Revision, slot: SlotID, idRange: Int?,
        notice: @escaping @Sendable (ExhaustionNotice) -> Void = { _ in }
    ) {
        self.instance = instance
        self.revision = revision
        self.slot = slot
        self.idRange = idRange
        self.notice = notice
    }
}

/// Makes containers. Adapter: `Sandbox`.
package protocol SandboxPort: Sendable {
    /// The host's ids that functions have.
    var ids: HostIDs { get }
    /// Ranges of them that processes of the host have, whoever's those are: what a crash or a second daemon has left.
    func idRangesInUse() async -> Set<Int>
    /// Compiles what a revision needs to start fast (launch plan, seccomp program) and keeps it.
    /// - Throws: `InvalidInput` for what the configuration asks for and this host or version does not honour.
    func prepare(_ revision: Revision) async throws
    func forget(_ revision: RevisionID) async
    /// Starts the container; returns when the function's process has been exec'ed.
    func launch(_ request: LaunchRequest) async throws(InstanceFailure) -> any SandboxedInstance
}

/// One running container. Every call may come from any thread, in any state, also after its end.
package protocol SandboxedInstance: Thawing, ProcessStarting, ExhaustionTelling {
    /// Whether it can be frozen: needs a cgroup of its own.
    var canFreeze: Bool { get }
    /// The id of its PID 1 in the daemon's pid namespace, for people; nil when it is gone.
    var processID: Int? { get }
    /// What it uses now; nil when it is gone.
    func usage() async -> InstanceUsage?
    /// Returns when the kernel reports every process of it frozen.
    func freeze() async throws(InstanceFailure)
    /// SIGTERM to the function's main process. A frozen one is thawed first.
    func terminate()
    /// Ends every process of it at once.
    func kill()
    /// Returns when no process of it is left and its cgroup, mounts and directories are gone.
    func ended() async -> ExitStatus
}

/// Network slots. Adapter: `Network`.
package protocol NetworkPort: Sendable {
    /// A slot from which nothing is reached but what the function may reach.
    func acquire(_ network: NetworkSpec) async throws(InstanceFailure) -> SlotID
    /// Gives a slot back after the instance's end; what is left of its sockets is destroyed before its next use.
    func release(_ slot: SlotID)
    /// Returns when the port accepts a connection inside the slot. Cancellable.
    /// - Throws: `CancellationError`, or `InstanceFailure` with cause `NotListening` at the deadline.
    func waitUntilAccepting(slot: SlotID, port: UInt16, deadline: Int64) async throws
}

/// Content that was imported from a folder of the user's.
package struct ImportedContent: Sendable {
    package let rootfs: ContentDigest
    package let ociConfig: [UInt8]
    package init(rootfs: ContentDigest, ociConfig: [UInt8]) {
        self.rootfs = rootfs
        self.ociConfig = ociConfig
    }
}

/// What instances wrote. Adapter: `Logs`.
package protocol LogPort: Sendable {
    /// The last lines that an instance wrote, oldest first.
    func tail(of instance: InstanceID, function: FunctionKey, lines: Int) async -> [String]
    /// Forgets all logs of a function.
    func remove(_ function: FunctionKey) async
    /// Forgets the logs of functions that are not known: a daemon that was killed left them. For the start.
    func removeAll(but known: Set<FunctionKey>) async
    /// Forgets the logs of instances that are gone. - Returns: how many files, and their bytes.
    func prune(isDryRun: Bool) async -> Reclaimed
}

/// Imports and keeps content. Adapter: `Images`.
package protocol ImagePort: Sendable {
    /// Copies the source in (reflinked where possible). Editing or deleting the folder later changes nothing.
    /// - Throws: `InvalidInput` that names the file or field.
    func importContent(_ source: RevisionSource, spec: FunctionSpec) async throws -> ImportedContent
    /// Removes content that no revision uses. The caller sees to it that what it just imported is among `keeping`.
    func collectGarbage(keeping: Set<ContentDigest>) async
    /// What that would remove: how many root filesystems, and the bytes of their files.
    func garbage(keeping: Set<ContentDigest>) async -> Reclaimed
}

/// What was, or would be, given back to the disk.
package struct Reclaimed: Sendable, Hashable {
    package var count: Int
    package var bytes: Int64

    package init(count: Int = 0, bytes: Int64 = 0) {
        self.count = count
        self.bytes = bytes
    }
}

/// What of the functions is remembered. Adapter: `Store`.
package struct FunctionRecord: Sendable, Hashable {
    package var key: FunctionKey
    /// The revision that takes requests; nil until the first rollout has ended. Where that one failed it is its revision
    /// all the same, and every request tries it anew.
    package var active: Int?
    /// The revision that took them before, which an undo goes back to.
    package var previous: Int?
    /// The highest revision number ever used.
    package var latest: Int
    /// The highest revision whose rollout has ended, well or not; one above it is rolled out again at start.
    package var settled: Int
    /// The user's `torpor scale NAME N`; nil is auto.
    package var manualScale: Int?
    package var createdAt: Int64
    package var lastFailure: InstanceFailure?
    /// Whether its last deploy came from a manifest, which then may prune it.
    package var isApplied: Bool
    /// Of the revisions that are kept, those that have ever come up.
    package var proven: Set<Int>
    /// The number of its range of ids on the host, 0 to `Limits.idRanges` - 1, which no other function has; nil when there
    /// was none left.
    package var idRange: Int?

    /// - Parameter proven: nil is the active and the previous one.
    package init(
        key: FunctionKey, active: Int?, previous: Int? = nil, latest: Int, settled: Int, manualScale: Int?,
        createdAt: Int64, lastFailure: InstanceFailure?, isApplied: Bool = false, proven: Set<Int>? = nil,
        idRange: Int? = nil
    ) {
        self.key = key
        self.active = active
        self.previous = previous
        self.isApplied = isApplied
        self.latest = latest
        self.settled = settled
        self.manualScale = manualScale
        self.createdAt = createdAt
        self.lastFailure = lastFailure
        self.proven = proven ?? Set([active, previous].compactMap(\.self))
        self.idRange = idRange
    }
}

/// One finished or running instance, for people: what runs is derived from the kernel, never from this.
package struct InstanceRecord: Sendable, Hashable, Codable {
    package var id: InstanceID
    package var revisionNumber: Int
    package var startedAt: Int64
    package var endedAt: Int64?
    package var state: InstanceState
    package var exit: ExitStatus?
    package var cause: String?

    package init(
        id: InstanceID, revisionNumber: Int, startedAt: Int64, endedAt: Int64?, state: InstanceState,
        exit: ExitStatus?, cause: String?
    ) {
        self.id = id
        self.revisionNumber = revisionNumber
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.state = state
        self.exit = exit
        self.cause = cause
    }
}

package struct StoredFunction: Sendable {
    package var record: FunctionRecord
    /// Ascending by number.
    package var revisions: [Revision]
    package init(record: FunctionRecord, revisions: [Revision]) {
        self.record = record
        self.revisions = revisions
    }
}

package protocol StorePort: EventStore, NamespaceStore {
    func load() async throws -> [StoredFunction]
    /// Durable when it returns: the function's record and its new revision in one transaction.
    func insert(_ revision: Revision, record: FunctionRecord) async throws
    /// Durable when it returns.
    func update(_ record: FunctionRecord) async throws
    /// Durable when it returns; revisions and instance records go with it.
    func remove(_ function: FunctionKey) async throws
    func removeRevisions(_ revisions: [RevisionID]) async throws
    /// Written soon, off every critical path; may be lost by a crash.
    func note(_ instance: InstanceRecord, of function: FunctionKey) async
    func instances(of function: FunctionKey, limit: Int) async throws -> [InstanceRecord]
}

/// What the gateway must know of a function to route, queue and time its requests.
package struct RoutePolicy: Sendable, Hashable {
    package var key: FunctionKey
    /// Requests in flight per instance beyond which one more is wanted.
    package var target: Int
    package var timeout: Duration
    package var queueTimeout: Duration

    package init(key: FunctionKey, spec: FunctionSpec) {
        self.key = key
        target = spec.requestTarget
        timeout = spec.timeout
        queueTimeout = spec.queueTimeout
    }
}

/// The orchestrator's hold on the gateway. Calls never wait; they reach each event loop in the order they were made.
package protocol RouterPort: Sendable {
    /// Adds a function or replaces its policy.
    func upsert(_ policy: RoutePolicy)
    /// Later requests get 404; those that wait get 404 too, those in flight finish.
    func remove(_ function: FunctionKey)
    /// Replaces the set of instances that take requests, and lets waiting requests in.
    func publish(_ function: FunctionKey, instances: [InstanceHandle])
    /// No instance could be started: requests that wait get 502.
    func startFailed(_ function: FunctionKey)
}

/// The gateway's hold on the orchestrator: called on event loops, so each call only posts a message.
package protocol ActivatorPort: Sendable {
    /// A request waits and no instance could take it. Said again while requests wait and no start is under way, so a
    /// repeated call is cheap and harmless.
    func demand(_ function: FunctionKey, callID: String)
    /// The last request of a closed instance has left.
    func drained(_ instance: InstanceID)
    /// A request has thawed a frozen instance: its idle time is to be watched again.
    func thawed(_ instance: InstanceID)
    /// Every instance that was looked at has its target of requests in flight; the one that tells this was let in.
    func crowded(_ function: FunctionKey)
    /// A connection to this instance was refused or broke before a response: it may be dying, of this call.
    func suspect(_ instance: InstanceID, callID: String)
    /// A call came to nothing.
    func failed(_ call: FailedCall)
}

/// A call that the gateway had to answer in the function's stead, whose answer broke off, or whose command failed.
package struct FailedCall: Sendable, Hashable {
    package let function: FunctionKey
    package let callID: String
    /// The short code that the client got, or `response_broken`.
    package let code: String
    package var instance: InstanceID?
    /// Mode `exec`: how its command ended.
    package var end: ProcessEnd?
    /// Failed calls of the function since the one that was told before, of which nothing was told.
    package let untold: Int

    package init(
        function: FunctionKey, callID: String, code: String, instance: InstanceID? = nil,
        end: ProcessEnd? = nil, untold: Int
    ) {
        self.function = function
        self.callID = callID
        self.code = code
        self.instance = instance
        self.end = end
        self.untold = untold
    }
}
