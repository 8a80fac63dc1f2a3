internal import Core
internal import Synchronization

/// Why an instance ends, in a sentence, where that is known.
final class EndReason: Sendable {
    private let text = Mutex<String?>(nil)

    var sentence: String? {
        get { text.withLock { $0 } }
        set { text.withLock { $0 = newValue } }
    }
}

/// An instance as the orchestrator holds it: what its launch has made so far, and how to end it from any point of it.
final class RunningInstance {
    let id: InstanceID
    let function: FunctionKey
    let revision: Revision
    let startedAt: Int64
    /// When its process was exec'ed (monotonic nanoseconds).
    var launchedAt: Int64 = 0
    var slot: SlotID?
    var sandbox: (any SandboxedInstance)?
    var handle: InstanceHandle?
    /// Brings it up; cancelled when it shall end or has ended.
    var launch: Task<Void, Never>?
    /// Whether it shall end: a launch under way is given up at its next step.
    private(set) var isGivenUp = false
    let ending = EndReason()
    private var isOver = false
    private var waiters: [CheckedContinuation<Void, Never>] = []

    init(id: InstanceID, function: FunctionKey, revision: Revision, startedAt: Int64) {
        self.id = id
        self.function = function
        self.revision = revision
        self.startedAt = startedAt
    }

    func happened(_ kind: EventKind, _ message: String) -> EventRecord {
        EventRecord(
            kind: kind, function: function, revision: revision.id.number, instance: id, message: message)
    }

    func terminate() {
        isGivenUp = true
        launch?.cancel()
        sandbox?.terminate()
    }

    func kill() {
        isGivenUp = true
        launch?.cancel()
        sandbox?.kill()
    }

    /// Returns when it is over.
    func over() async {
        if isOver { return }
        await withCheckedContinuation { waiters.append($0) }
    }

    func end() {
        isOver = true
        launch?.cancel()
        for waiter in waiters { waiter.resume() }
        waiters = []
    }
}
