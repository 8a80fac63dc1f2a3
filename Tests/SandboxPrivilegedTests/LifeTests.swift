import Core
import Glibc
import OCI
import Sandbox
import Testing

@Suite(.serialized, .enabled(if: SandboxFixture.isPossible, SandboxFixture.needs))
struct LifeTests {
    private static func isGone(_ pid: Int) -> Bool { Glibc.kill(pid_t(pid), 0) != 0 }

    @Test func `SIGTERM reaches the function, and its handler's exit code comes back`() async throws {
        try await SandboxFixture.with { fixture in
            let (id, instance) = try await fixture.start(
                try fixture.revision("trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.02; done"))
            while !(fixture.logs.soFar(of: id).contains("up")) { try await Task.sleep(for: .milliseconds(2)) }
            instance.terminate()
            #expect(await instance.ended() == .code(3))
            #expect(await fixture.logs.text(of: id).contains("bye"))
        }
    }

    @Test func `Kill ends every process, and its end is told once all is gone`() async throws {
        try await SandboxFixture.with { fixture in
            let (_, instance) = try await fixture.start(
                try fixture.revision("trap '' TERM; sleep 1000 & sleep 1000 & while :; do sleep 1; done"))
            let pid = try #require(instance.processID)
            instance.terminate()
            instance.kill()
            #expect(await instance.ended() == .signal(9))
            #expect(await instance.ended() == .signal(9))
            #expect(Self.isGone(pid))
            #expect(instance.processID == nil)
            instance.kill()
            instance.terminate()
        }
    }

    @Test func `A function ended by a signal is told so`() async throws {
        try await SandboxFixture.with { fixture in
            let (_, exit) = try await fixture.run("kill -SEGV $$")
            #expect(exit == .signal(11))
        }
    }

    @Test func `When torpor-init is killed, the container ends and nobody knows how`() async throws {
        try await SandboxFixture.with { fixture in
            let (_, instance) = try await fixture.start(try fixture.revision("sleep 1000"))
            let pid = try #require(instance.processID)
            #expect(Glibc.kill(pid_t(pid), SIGKILL) == 0)
            #expect(await instance.ended() == .unknown)
        }
    }

    @Test func `Orphans are reaped while the function lives`() async throws {
        try await SandboxFixture.with { fixture in
            let (output, _) = try await fixture.run(
                "i=0; while [ $i -lt 50 ]; do (sleep 0 &) ; i=$((i+1)); done; sleep 0.2; ls /proc | grep -c '^[0-9]'"
            )
            let count = try #require(Int(output.split(separator: "\n").last ?? ""))
            #expect(count < 10)
        }
    }

    @Test func `A frozen instance does not run, and goes on when thawed`() async throws {
        try await SandboxFixture.with { fixture in
            let (id, instance) = try await fixture.start(
                try fixture.revision("while :; do echo tick; sleep 0.01; done"))
            guard instance.canFreeze else {
                await #expect(throws: InstanceFailure.self) { try await instance.freeze() }
                instance.kill()
                _ = await instance.ended()
                return
            }
            while fixture.logs.soFar(of: id).isEmpty { try await Task.sleep(for: .milliseconds(2)) }
            try await instance.freeze()
            // What was in the pipe is still read.
            try await Task.sleep(for: .milliseconds(200))
            let frozen = fixture.logs.soFar(of: id).count
            try await Task.sleep(for: .milliseconds(100))
            #expect(fixture.logs.soFar(of: id).count == frozen)
            try instance.thaw()
            while fixture.logs.soFar(of: id).count == frozen { try await Task.sleep(for: .milliseconds(2)) }
            try await instance.freeze()
            instance.kill()
            #expect(await instance.ended() == .signal(9))
            try instance.thaw()
        }
    }

    @Test func `Many are launched at once, and none is lost`() async throws {
        try await SandboxFixture.with { fixture in
            let revision = try fixture.revision("echo $TORPOR_INSTANCE")
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<100 {
                    group.addTask {
                        let (id, instance) = try await fixture.start(revision)
                        let exit = await instance.ended()
                        return await fixture.logs.text(of: id) == "\(id)\n" && exit == .code(0)
                    }
                }
                for try await isRight in group { #expect(isRight) }
            }
        }
    }

    @Test func `What a daemon that died has left is swept`() async throws {
        try await SandboxFixture.with { fixture in
            let (_, instance) = try await fixture.start(try fixture.revision("sleep 1000"))
            let pid = try #require(instance.processID)
            #expect(fixture.runtime.sweep() == [])
            if fixture.runtime.hasCgroups {
                _ = await instance.ended()
                #expect(Self.isGone(pid))
            } else {
                instance.kill()
                _ = await instance.ended()
            }
        }
    }
}
