internal import CLinux
internal import Core
internal import LinuxSystem
internal import Synchronization

/// The collector's thread: it reads all pipes in turn, a bounded piece of each, and writes the files.
final class LogPump {
    private let epoll: OwnedFD
    private let mailbox: LogMailbox
    private let directory: LogDirectory
    private var pipes: [UInt64: LogPipe] = [:]
    private var logs: [String: LiveLog] = [:]
    private var followers: [LogFollower] = []
    /// Instances that logged too fast: their pipes are left alone until then (monotonic nanoseconds).
    private var resting: [String: Int64] = [:]
    private var nextToken: UInt64 = 1
    private var lastTime: Int64 = 0
    private var buffer = [UInt8](repeating: 0, count: Limits.logReadBytes)

    private static let mailboxToken: UInt64 = 0

    init(mailbox: LogMailbox, directory: LogDirectory) throws(KernelError) {
        let epoll = OwnedFD(owning: try check(clinux_epoll_create(), "epoll_create1"))
        try check(clinux_epoll_add(epoll.raw, mailbox.wake.descriptor, Self.mailboxToken), "epoll_ctl")
        self.epoll = epoll
        self.mailbox = mailbox
        self.directory = directory
    }

    /// Works until it is told to stop.
    func run() {
        var tokens = [UInt64](repeating: 0, count: 64)
        while true {
            let count = clinux_epoll_wait(epoll.raw, &tokens, Int32(tokens.count), timeout())
            precondition(count >= 0, "epoll_wait fails for no valid descriptor")
            for token in tokens.prefix(Int(count)) where token != Self.mailboxToken { read(token) }
            mailbox.wake.clear()
            for message in mailbox.take() {
                if case .stop(let done) = message { return finish(done) }
                handle(message)
            }
            tick(now: KernelClock.monotonic())
        }
    }

    private func handle(_ message: LogMailbox.Message) {
        switch message {
        case .collect(let instance, let function, let stdout, let stderr):
            collect(instance: instance, function: function, stdout: stdout, stderr: stderr)
        case .drain(let instance, let done):
            if let log = logs[instance] { drain(log) }
            done.resume()
        case .follow(let follower, let joined):
            // Every later entry has a later time than what the follower is told.
            let time = stamp()
            if followers.count < Limits.logFollowers { followers.append(follower) } else { follower.finish() }
            joined.resume(returning: time)
        case .unfollow(let id): followers.removeAll { $0.id == id }
        case .remove(let function, let done):
            for log in logs.values where log.function == function { drain(log) }
            for log in logs.values where log.function == function { log.file?.close() }
            directory.remove(function: function)
            for follower in followers where follower.function == function { follower.finish() }
            followers.removeAll { $0.function == function }
            done.resume()
        case .prune(let isDryRun, let done):
            let living = Set(logs.keys)
            done.resume(returning: directory.pruneAll(living: living, isDryRun: isDryRun))
        case .stop: preconditionFailure("handled by the loop")
        }
    }

    private func collect(instance: String, function: String, stdout: SharedFD, stderr: SharedFD) {
        directory.makeFolder(function: function)
        let place = directory.file(instance: instance, function: function)
        let log = LiveLog(
            instance: instance, function: function, file: place.map { LogFile(place: $0) },
            now: KernelClock.monotonic())
        logs[instance] = log
        for (fd, stream) in [(stdout, LogEntry.Stream.stdout), (stderr, .stderr)] {
            let token = nextToken
            nextToken += 1
            _ = clinux_set_nonblocking(fd.raw)
            guard clinux_epoll_add(epoll.raw, fd.raw, token) == 0 else { continue }
            pipes[token] = LogPipe(fd: fd, stream: stream, log: log)
            log.pipes.insert(token)
        }
    }

    /// One piece of one pipe.
    private func read(_ token: UInt64) {
        guard let pipe = pipes[token], resting[pipe.log.instance] == nil else { return }
        take(token, pipe)
    }

    @discardableResult
    private func take(_ token: UInt64, _ pipe: LogPipe) -> Bool {
        let result = buffer.withUnsafeMutableBytes { pipe.read(into: $0) }
        switch result {
        case .empty: return false
        case .end:
            close(token, pipe)
            return false
        case .bytes(let count):
            let now = KernelClock.monotonic()
            emit(pipe, count: count)
            pipe.flushAt = pipe.splitter.pending.isEmpty ? nil : now + Limits.logPartialLine.nanoseconds
            if let pause = pipe.log.spend(count, now: now) { rest(pipe.log, until: now + pause) }
            return true
        }
    }

    private func emit(_ pipe: LogPipe, count: Int) {
        var batch = LogBatch(time: stamp(), pipe: pipe)
        buffer.withUnsafeBytes { bytes in
            pipe.splitter.feed(UnsafeRawBufferPointer(rebasing: bytes[..<count])) { line, continues in
                batch.add(line, continues: continues)
            }
        }
        deliver(batch, of: pipe)
    }

    /// Gives away the beginning of a line. - Parameter continues: whether its end may still come.
    private func flush(_ pipe: LogPipe, continues: Bool) {
        pipe.flushAt = nil
        var batch = LogBatch(time: stamp(), pipe: pipe)
        pipe.splitter.flush { batch.add($0, continues: continues) }
        deliver(batch, of: pipe)
    }

    private func deliver(_ batch: LogBatch, of pipe: LogPipe) {
        if batch.lines == 0 { return }
        pipe.log.file?.write(batch.output, lines: batch.lines, time: batch.stamp)
        let interested = followers.filter { $0.function == pipe.log.function }
        if interested.isEmpty { return }
        for entry in batch.entries() {
            for follower in interested { follower.offer(entry) }
        }
    }

    private func close(_ token: UInt64, _ pipe: LogPipe) {
        flush(pipe, continues: false)
        _ = clinux_epoll_remove(epoll.raw, pipe.fd.raw)
        pipes[token] = nil
        let log = pipe.log
        log.pipes.remove(token)
        guard log.pipes.isEmpty else { return }
        if logs[log.instance] === log { logs[log.instance] = nil }
        resting[log.instance] = nil
        let living = Set(logs.values.filter { $0.function == log.function }.map(\.instance))
        directory.prune(function: log.function, living: living, kept: Limits.logsKept)
    }

    /// Reads what is in an instance's pipes now, at most twice what they can hold.
    private func drain(_ log: LiveLog) {
        for token in log.pipes.sorted() {
            guard let pipe = pipes[token] else { continue }
            for _ in 0..<2 where pipes[token] != nil { if !take(token, pipe) { break } }
            if pipes[token] != nil { flush(pipe, continues: true) }
        }
    }

    private func rest(_ log: LiveLog, until: Int64) {
        for token in log.pipes {
            if let pipe = pipes[token] { _ = clinux_epoll_remove(epoll.raw, pipe.fd.raw) }
        }
        resting[log.instance] = until
    }

    /// What is due: pipes that have rested, lines that waited too long for their end.
    private func tick(now: Int64) {
        for (instance, until) in resting where until <= now {
            resting[instance] = nil
            for token in logs[instance]?.pipes ?? [] {
                if let pipe = pipes[token] { _ = clinux_epoll_add(epoll.raw, pipe.fd.raw, token) }
            }
        }
        for pipe in pipes.values { if let due = pipe.flushAt, due <= now { flush(pipe, continues: true) } }
    }

    private func timeout() -> Int32 {
        let due = (pipes.values.compactMap(\.flushAt) + resting.values).min()
        guard let due else { return -1 }
        return Int32(clamping: max(0, due - KernelClock.monotonic() + 999_999) / 1_000_000)
    }

    /// The wall clock's time, later than any before.
    private func stamp() -> LogTime {
        lastTime = max(KernelClock.real() / 1000, lastTime + 1)
        return LogTime(microseconds: lastTime)
    }

    private func finish(_ done: CheckedContinuation<Void, Never>) {
        for log in logs.values { drain(log) }
        for (token, pipe) in pipes { close(token, pipe) }
        for follower in followers { follower.finish() }
        done.resume()
    }
}
