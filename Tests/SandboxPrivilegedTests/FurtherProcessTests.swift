import Core
import Glibc
import LinuxSystem
import OCI
import Sandbox
import Synchronization
import Testing

/// What runs in a container beside its main process, or without one.
@Suite(.serialized, .enabled(if: SandboxFixture.isPossible, SandboxFixture.needs))
struct FurtherProcessTests {
    private static func commandSpec() -> FunctionSpec {
        var spec = FunctionSpec()
        spec.mode = .exec
        return spec
    }

    /// Starts a process and waits for its end. Its output is what it wrote to the pipe.
    private func run(
        _ instance: any SandboxedInstance, _ script: String?, directory: String? = nil,
        environment: [String] = []
    ) async throws -> (output: String, end: ProcessEnd) {
        var reading: OwnedFD?
        var writing: OwnedFD?
        try Pipe.make(reading: &reading, writing: &writing)
        guard let reading = reading.take() else { preconditionFailure("a pipe has two ends") }
        let output = SharedFD(reading)
        var start = ProcessStart()
        start.arguments = script.map { ["/bin/sh", "-c", $0] }
        start.directory = directory
        start.environment = environment.flatMap { Array($0.utf8) + [0] }
        let end = try await withCheckedThrowingContinuation {
            (done: CheckedContinuation<ProcessEnd, any Error>) in
            do {
                guard let end = writing.take() else { return }
                start.output = end.raw
                _ = try instance.start(start) { done.resume(returning: $0) }
            } catch {
                done.resume(throwing: error)
            }
        }
        let bytes = try File.readAll(output.raw, limit: 1 << 20, subject: "output")
        return (String(decoding: bytes, as: UTF8.self), end)
    }

    @Test func `Without a main process PID 1 is alone, and the command runs when it is asked for`()
        async throws
    {
        try await SandboxFixture.with { fixture in
            let revision = try fixture.revision(
                "for p in /proc/[0-9]*; do echo $p; done; echo $EXTRA; cat; echo to the log >&2; exit 4",
                spec: Self.commandSpec())
            let (id, instance) = try await fixture.start(revision)
            // What PID 1 tried at its start has been reaped when it tells of a process's end.
            _ = try await run(instance, nil)
            for round in 0..<3 {
                let (output, end) = try await run(instance, nil, environment: ["EXTRA=round \(round)"])
                let lines = output.split(separator: "\n")
                #expect(
                    lines.count == 3 && lines[0] == "/proc/1" && lines[2] == "round \(round)", "\(output)")
                #expect(end == .exited(.code(4)))
            }
            instance.terminate()
            #expect(await instance.ended() == .code(0))
            #expect(await fixture.logs.text(of: id) == String(repeating: "to the log\n", count: 4))
        }
    }

    @Test func `A further process is held as the main one is`() async throws {
        try await SandboxFixture.with { fixture in
            let look =
                "grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp)' /proc/self/status; cat /proc/self/limits; pwd; env | grep -v PWD | grep -v SHLVL"
            let (id, instance) = try await fixture.start(
                try fixture.revision("\(look); echo end; sleep 1000"))
            while !fixture.logs.soFar(of: id).hasSuffix("end\n") {
                try await Task.sleep(for: .milliseconds(2))
            }
            let (output, end) = try await run(instance, look)
            #expect(end == .exited(.code(0)))
            #expect(output + "end\n" == fixture.logs.soFar(of: id))
            #expect(try await run(instance, "pwd", directory: "/bin").output == "/bin\n")
            instance.kill()
            _ = await instance.ended()
        }
    }

    @Test func `Ends are told: codes, signals, what is not there`() async throws {
        try await SandboxFixture.with { fixture in
            let (_, instance) = try await fixture.start(try fixture.revision("sleep 1000"))
            #expect(try await run(instance, "exit 200").end == .exited(.code(200)))
            #expect(try await run(instance, "kill -TERM $$").end == .exited(.signal(15)))
            let (_, missing) = try await run(instance, "x", directory: "/nowhere")
            guard case .failed(let failure) = missing else {
                Issue.record("\(missing)")
                return
            }
            #expect(failure.message.contains("working directory"))
            instance.kill()
            _ = await instance.ended()
        }
    }

    @Test func `A signal reaches the whole group, and so does the end`() async throws {
        try await SandboxFixture.with { fixture in
            let (_, instance) = try await fixture.start(try fixture.revision("sleep 1000"))
            let end = AsyncStream<ProcessEnd>.makeStream()
            var start = ProcessStart()
            start.arguments = ["/bin/sh", "-c", "sleep 1000 & sleep 1000 & wait"]
            let id = try instance.start(start) { end.continuation.yield($0) }
            try await Task.sleep(for: .milliseconds(100))
            instance.signal(id, SIGKILL)
            for await end in end.stream {
                #expect(end == .exited(.signal(9)))
                break
            }
            _ = try await run(instance, "sleep 1000 & exit 0")
            let count = try await run(instance, "ls /proc | grep -c '^[0-9]'").output
            // PID 1, the main process, and those that look: the shell, ls and grep.
            #expect(try #require(Int(count.filter(\.isNumber))) <= 5)
            instance.kill()
            _ = await instance.ended()
        }
    }

    @Test func `As many as are allowed run at once, and one more is refused`() async throws {
        try await SandboxFixture.with { fixture in
            let (_, instance) = try await fixture.start(
                try fixture.revision(command: ["/bin/sleep", "1000"], spec: Self.commandSpec()))
            let ended = Mutex(0)
            for _ in 0..<Limits.processesPerInstance {
                _ = try instance.start(ProcessStart()) { _ in ended.withLock { $0 += 1 } }
            }
            #expect(throws: InstanceFailure.self) { try instance.start(ProcessStart()) { _ in } }
            #expect(ended.withLock { $0 } == 0)
            instance.kill()
            #expect(await instance.ended() == .signal(9))
            #expect(ended.withLock { $0 } == Limits.processesPerInstance, "each is told that it is lost")
            #expect(throws: InstanceFailure.self) { try instance.start(ProcessStart()) { _ in } }
        }
    }

    @Test func `SIGTERM ends what runs, and then the container`() async throws {
        try await SandboxFixture.with { fixture in
            let (id, instance) = try await fixture.start(
                try fixture.revision("echo up >&2; sleep 1000", spec: Self.commandSpec()))
            let end = Mutex<ProcessEnd?>(nil)
            _ = try instance.start(ProcessStart()) { ended in end.withLock { $0 = ended } }
            while fixture.logs.soFar(of: id) != "up\n" { try await Task.sleep(for: .milliseconds(2)) }
            instance.terminate()
            #expect(await instance.ended() == .code(0))
            #expect(end.withLock { $0 } == .exited(.signal(15)))
        }
    }
}
