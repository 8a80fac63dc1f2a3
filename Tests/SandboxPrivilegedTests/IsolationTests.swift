import Core
import Glibc
import OCI
import Sandbox
import Testing

/// What one container can do to another, and to the daemon.
@Suite(.serialized, .enabled(if: SandboxFixture.isPossible, SandboxFixture.needs))
struct IsolationTests {
    @Test func `A signal to the own process group reaches no other instance`() async throws {
        try await SandboxFixture.with { fixture in
            let (id, other) = try await fixture.start(
                try fixture.revision("trap 'echo hit' TERM; echo up; while :; do sleep 0.02; done"))
            while !fixture.logs.soFar(of: id).contains("up") { try await Task.sleep(for: .milliseconds(2)) }
            let (_, polite) = try await fixture.run("trap 'exit 4' TERM; kill -TERM 0; sleep 10")
            #expect(polite == .code(4))
            let (_, exit) = try await fixture.run("kill -KILL 0; sleep 10")
            #expect(exit == .signal(9))
            try await Task.sleep(for: .milliseconds(100))
            #expect(other.processID != nil)
            #expect(!fixture.logs.soFar(of: id).contains("hit"))
            other.kill()
            _ = await other.ended()
        }
    }

    @Test func `A function leads a session of its own, which has no terminal`() async throws {
        try await SandboxFixture.with { fixture in
            let (output, _) = try await fixture.run(
                "read -r pid name state parent group session rest < /proc/self/stat; echo $group $session; "
                    + "(: < /dev/tty) 2>&1")
            #expect(output.hasPrefix("2 2\n"))
            #expect(output.contains("No such device or address"))
        }
    }

    @Test func `No cgroup but the own is shown, and a read-only /dev holds`() async throws {
        try await SandboxFixture.with { fixture in
            #expect(fixture.runtime.facts.hasCgroupFilesystem == fixture.runtime.hasCgroups)
            let script =
                "exec 2>&1; cat /sys/fs/cgroup/cgroup.procs; echo x > /dev/new; echo y > /dev/shm/new && echo shm"
            let (shared, _) = try await fixture.run(script)
            let (own, _) = try await fixture.run(script) {
                $0.mounts?.append(.init(destination: "/dev/extra", type: "tmpfs", source: "x", options: []))
            }
            for output in [shared, own] {
                #expect(output.contains("can't create /dev/new: Read-only file system"))
                #expect(output.hasSuffix("shm\n"))
                // The file is in no order.
                let lines = Set(output.split(separator: "\n"))
                #expect(lines.isSuperset(of: ["1", "2"]) == fixture.runtime.hasCgroups)
            }
        }
    }

    @Test func `Both output streams can be opened by their names`() async throws {
        try await SandboxFixture.with { fixture in
            let script = "echo out > /dev/stdout; echo err > /dev/stderr"
            let (output, exit) = try await fixture.run(script)
            #expect(exit == .code(0))
            #expect(Set(output.split(separator: "\n")) == ["out", "err"])
            if SandboxFixture.isRootless { return }
            let (others, code) = try await fixture.run(script) {
                $0.process.user = .init(uid: 1000, gid: 1001)
            }
            #expect(code == .code(0))
            #expect(Set(others.split(separator: "\n")) == ["out", "err"])
        }
    }
}
