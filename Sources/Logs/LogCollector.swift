package import Core
package import LinuxSystem
internal import Synchronization

/// The logs of all instances: collected by one thread, read by another, kept within `Limits`.
///
/// Files: see `LogEntry` for their lines. A function that floods its log slows only itself: the collector takes a
/// bounded piece of each pipe in turn and a bounded number of bytes per second of each instance.
package final class LogCollector: InstanceLogCollecting, LogPort {
    private let mailbox: LogMailbox
    private let reader: LogReader
    private let reading: WorkerThread
    private let thread: DedicatedThread
    private let nextFollower = Atomic<UInt64>(0)

    /// Readers that may wait for the reading thread.
    private static let waitingReads = 256

    /// - Parameter directory: `logs` in the state directory; made when needed.
    package init(directory: String) throws(KernelError) {
        let mailbox = try LogMailbox()
        let directory = LogDirectory(root: directory)
        self.mailbox = mailbox
        reader = LogReader(directory: directory)
        reading = try WorkerThread(name: "torpor-log-read", limit: Self.waitingReads)
        // Made here, so that its failure is ours; used on its thread alone from then on.
        let pump = Mutex<LogPump?>(try LogPump(mailbox: mailbox, directory: directory))
        thread = try DedicatedThread(name: "torpor-logs") { pump.withLock { $0?.run() } }
    }

    package func collect(
        instance: String, function: String, stdout: consuming OwnedFD, stderr: consuming OwnedFD
    ) {
        mailbox.post(
            .collect(
                instance: instance, function: function, stdout: SharedFD(stdout), stderr: SharedFD(stderr)))
    }

    package func tail(instance: String, function: String, lines: Int) async -> [String] {
        await withCheckedContinuation { mailbox.post(.drain(instance: instance, $0)) }
        let entries = await entries(
            function: function, instance: instance, limit: lines, since: nil, until: nil)
        return entries.map(\.text)
    }

    package func tail(of instance: InstanceID, function: FunctionKey, lines: Int) async -> [String] {
        await tail(instance: instance.description, function: function.description, lines: lines)
    }

    /// What is kept of a function's logs, oldest first.
    /// - Parameters:
    ///   - instance: nil for every instance. - tail: only the last entries. - since: only from this moment on.
    package func read(
        function: FunctionKey, instance: InstanceID? = nil, tail: Int? = nil, since: LogTime? = nil
    ) async -> [LogEntry] {
        await entries(
            function: function.description, instance: instance?.description, limit: tail, since: since,
            until: nil)
    }

    /// What is kept, and then what is written from now on, nothing twice and nothing left out: a follower that is too
    /// slow is told how many entries it missed. Ends when the function's logs are removed, or the collector stops.
    package func follow(
        function: FunctionKey, instance: InstanceID? = nil, tail: Int? = nil, since: LogTime? = nil
    ) async -> (kept: [LogEntry], live: AsyncStream<LogEvent>) {
        let (live, continuation) = AsyncStream.makeStream(
            of: LogEvent.self, bufferingPolicy: .bufferingOldest(Limits.logFollowerEntries))
        let id = nextFollower.wrappingAdd(1, ordering: .relaxed).newValue
        continuation.onTermination = { [mailbox] _ in mailbox.post(.unfollow(id)) }
        let follower = LogFollower(
            id: id, function: function.description, instance: instance?.description,
            continuation: continuation)
        let joined = await withCheckedContinuation { mailbox.post(.follow(follower, $0)) }
        let kept = await entries(
            function: function.description, instance: instance?.description, limit: tail, since: since,
            until: joined)
        return (kept, live)
    }

    package func remove(_ function: FunctionKey) async {
        await withCheckedContinuation { mailbox.post(.remove(function: function.description, $0)) }
    }

    package func prune(isDryRun: Bool) async -> Reclaimed {
        await withCheckedContinuation { mailbox.post(.prune(isDryRun: isDryRun, $0)) }
    }

    /// Writes what is left in the pipes and ends. What instances write afterwards is lost with their pipes.
    package func stop() async {
        await withCheckedContinuation { mailbox.post(.stop($0)) }
        thread.join()
    }

    private func entries(
        function: String, instance: String?, limit: Int?, since: LogTime?, until: LogTime?
    ) async -> [LogEntry] {
        let limit = min(max(0, limit ?? Limits.logQueryLines), Limits.logQueryLines)
        let found = try? await reading.run { [reader] in
            reader.read(function: function, instance: instance, limit: limit, since: since, until: until)
        }
        return found ?? []
    }
}
