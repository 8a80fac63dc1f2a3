import Core
import Glibc
import LinuxSystem
import Sandbox
import Synchronization
import Testing

/// kill -9 of torpor-init from its clone until its function runs.
@Suite(.serialized, .enabled(if: SandboxFixture.isPossible, SandboxFixture.needs))
struct LaunchKillTests {
    /// A launch has about a hundred steps; this meets them all, those that take long more than once.
    private static let kills = 120

    @Test func `Killed at any step of its launch, a container is told to be over and leaves nothing`()
        async throws
    {
        try await SandboxFixture.with { fixture in
            let launchers = try Killer.launchers()
            defer { for launcher in launchers { close(launcher) } }
            try #require(launchers.count == Limits.launcherThreads)
            let revision = try fixture.revision("sleep 1000")
            let whole = try await launchTime(fixture, revision, launchers)
            var beforeItRan = 0
            for number in 0..<Self.kills {
                // Dense at the beginning, where the steps are; the last come when the function runs.
                let part = Double(number) / Double(Self.kills)
                let killer = try Killer(launchers, after: Int64(Double(whole) * 4 * part * part * part))
                do {
                    let (_, instance) = try await fixture.start(revision)
                    #expect(await instance.ended() == .unknown)
                    #expect(instance.processID == nil)
                } catch let failure as InstanceFailure {
                    #expect(failure.cause == "SandboxFailed", "\(failure)")
                    beforeItRan += 1
                }
                #expect(killer.finish() == 1)
            }
            #expect(beforeItRan > Self.kills / 8 && beforeItRan < Self.kills, "\(beforeItRan)")
            #expect(Killer.children(launchers).isEmpty)
            let (output, exit) = try await fixture.run("echo still here")
            #expect(output == "still here\n")
            #expect(exit == .code(0))
        }
    }

    /// Nanoseconds from the process's clone to its exec, the median of some.
    private func launchTime(_ fixture: SandboxFixture, _ revision: Revision, _ launchers: [Int32])
        async throws -> Int64
    {
        var times: [Int64] = []
        for _ in 0..<9 {
            let watch = try Killer(launchers, after: nil)
            let (_, instance) = try await fixture.start(revision)
            let end = KernelClock.monotonic()
            _ = watch.finish()
            times.append(end - watch.seenAt)
            instance.kill()
            _ = await instance.ended()
        }
        return times.sorted()[4]
    }
}

/// Waits on a thread of its own for the next child of this process, and kills it some time later.
private final class Killer: Sendable {
    private final class Outcome: Sendable {
        let seenAt = Atomic<Int64>(0)
        let kills = Atomic<Int>(0)
    }

    private let thread: DedicatedThread
    private let outcome = Outcome()

    /// - Parameter after: nanoseconds from when it is seen; nil only watches.
    init(_ launchers: [Int32], after: Int64?) throws {
        thread = try DedicatedThread(name: "killer") { [outcome] in
            let limit = KernelClock.monotonic() + 10_000_000_000
            while KernelClock.monotonic() < limit {
                guard let child = Self.children(launchers).first else { continue }
                let now = KernelClock.monotonic()
                outcome.seenAt.store(now, ordering: .relaxed)
                guard let after else { return }
                while KernelClock.monotonic() < now + after {}
                if kill(child, SIGKILL) == 0 { outcome.kills.add(1, ordering: .relaxed) }
                return
            }
        }
    }

    var seenAt: Int64 { outcome.seenAt.load(ordering: .relaxed) }

    /// - Returns: how many it killed.
    func finish() -> Int {
        thread.join()
        return outcome.kills.load(ordering: .relaxed)
    }

    /// Of the threads that launch (proc_pid_task_children(5)). Fast, or a launch would be over before it is seen.
    static func children(_ launchers: [Int32]) -> [pid_t] {
        var buffer = [UInt8](repeating: 0, count: 256)
        return launchers.flatMap { launcher in
            let count = pread(launcher, &buffer, buffer.count, 0)
            return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
                .split(separator: " ").compactMap { pid_t($0) }
        }
    }

    /// Descriptors of their lists of children.
    static func launchers() throws -> [Int32] {
        let threads = try Directory(path: "/proc/self/task").names(limit: .max).map {
            "/proc/self/task/\($0)"
        }
        let found = threads.filter { (try? File.text($0 + "/comm")) == "sandbox-launch\n" }
        return found.map { open($0 + "/children", O_RDONLY | O_CLOEXEC) }
    }
}
