internal import Core
internal import LinuxSystem
internal import Synchronization

/// What one launch needs, ready to be carried out.
struct LaunchJob: Sendable {
    /// A file of the container's /etc.
    struct HostFile: Sendable {
        let name: String
        let content: [UInt8]
    }

    struct Owner: Sendable, Hashable {
        let user: UInt32
        let group: UInt32
    }

    let instance: InstanceID
    /// `name.namespace`, for the logs.
    let function: String
    /// Its user namespace's map; nil to map the daemon's own id alone, which is 0 inside.
    let ids: ContainerIDs?
    /// Held by the revision: what is kept for it goes when this does.
    let lease: RevisionLease
    let plan: EncodedPlan
    /// The image's root, relative to the image store.
    let image: String
    let files: [HostFile]
    /// Bytes that may be written to the root.
    let writable: ByteCount
    /// Whom the process runs as, in the container's ids: its output streams are that user's.
    let owner: Owner
    let cgroup: InstanceCgroup?
    /// What the plan's `attachment` steps attach.
    let attachments: [AttachedMount]
    let network: SharedFD
    let slot: SlotID
    /// Whether the daemon writes to the log, too.
    let keepsLog: Bool
}

/// A container's first process, torpor-init.
final class LaunchedProcess: Sendable {
    let pidfd: PidFD
    let socket: PacketSocket
    /// Its number; good for /proc until it is reaped.
    let pid: Int32

    private let log = Mutex<SharedFD?>(nil)
    private let writable = Mutex<WritableLayer?>(nil)

    /// The log's end that was kept, once: non-blocking, to be closed with the container.
    func takeLog() -> SharedFD? { log.withLock { $0.take() } }
    func keepLog(_ log: SharedFD) { self.log.withLock { $0 = log } }

    /// What is written to its root, once: to be let go with the container.
    func takeWritable() -> WritableLayer? { writable.withLock { $0.take() } }
    func keepWritable(_ layer: WritableLayer) { writable.withLock { $0 = layer } }

    init(pid: Int32, pidfd: consuming PidFD, socket: consuming PacketSocket) {
        self.pid = pid
        self.pidfd = pidfd
        self.socket = socket
    }
}
