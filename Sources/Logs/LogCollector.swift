package import Core
package import LinuxSystem
internal import Synchronization

/// The logs of all instances: collected by one thread, read by another, kept within `Limits`.
///
/// Files: see `LogEntry` for their lines. A function that floods its log slows only itself: the collector takes a
/// bounded piece of each pipe in turn and a bounded number of bytes per second of each instance.
package final class LogCollector: InstanceLogCollecting, LogPort {
    private let mailbox: LogMailbox
    private let directory: LogDirectory
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
        self.directory = directory
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
        var tail: [String] = []
        // Whoever wants the last words of a failure can do nothing about a reading thread that is busy.
        do {
            for try await page in pages(function, instance, lines, nil, nil) { tail += page.map(\.text) }
        } catch {}
        return tail
    }

    package func tail(of instance: InstanceID, function: FunctionKey, lines: Int) async -> [String] {
        await tail(instance: instance.description, function: function.description, lines: lines)
    }

    /// What is kept of a function's logs, oldest first.
    /// - Parameters:
    ///   - instance: nil for every instance. - tail: only the last entries. - since: only from this moment on.
    package func read(
        function: FunctionKey, instance: InstanceID? = nil, tail: Int? = nil, since: LogTime? = nil
    ) -> LogPages {
        pages(function.description, instance?.description, tail, since, nil)
    }

    /// What is kept, and then what is written from now on, nothing twice and nothing left out: a follower that is too
    /// slow is told how many entries it missed. Ends when the function's logs are removed, or the collector stops.
    package func follow(
        function: FunctionKey, instance: InstanceID? = nil, tail: Int? = nil, since: LogTime? = nil
    ) async -> (kept: LogPages, live: AsyncStream<LogEvent>) {
        let (live, continuation) = AsyncStream.makeStream(
            of: LogEvent.self, bufferingPolicy: .bufferingOldest(Limits.logFollowerEntries))
        let id = nextFollower.wrappingAdd(1, ordering: .relaxed).newValue
        continuation.onTermination = { [mailbox] _ in mailbox.post(.unfollow(id)) }
        let follower = LogFollower(
            id: id, function: function.description, instance: instance?.description,
            continuation: continuation)
        let joined = await withCheckedContinuation { mailbox.post(.follow(follower, $0)) }
        return (pages(function.description, instance?.description, tail, since, joined), live)
    }

    package func remove(_ function: FunctionKey) async {
        await withCheckedContinuation { mailbox.post(.remove(function: function.description, $0)) }
    }

    package func removeAll(but known: Set<FunctionKey>) async {
        let found = try? await reading.run { [directory] in directory.functions() }
        for function in found ?? [] where !known.contains(function) { await remove(function) }
    }

    package func prune(isDryRun: Bool) async -> Reclaimed {
        await withCheckedContinuation { mailbox.post(.prune(isDryRun: isDryRun, $0)) }
    }

    /// Writes what is left in the pipes and ends. What instances write afterwards is lost with their pipes.
    package func stop() async {
        await withCheckedContinuation { mailbox.post(.stop($0)) }
        thread.join()
    }

    private func pages(
        _ function: String, _ instance: String?, _ tail: Int?, _ since: LogTime?, _ until: LogTime?
    ) -> LogPages {
        LogPages(
            reading: reading, directory: directory,
            selection: LogSelection(
                function: function, instance: instance, tail: tail, since: since, until: until))
    }
}
