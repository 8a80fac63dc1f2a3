import Core
import Glibc
import OCI
import Sandbox
import Testing

/// Fields of a configuration, as a process inside sees them.
@Suite(.serialized, .enabled(if: SandboxFixture.isPossible, SandboxFixture.needs))
struct FieldTests {
    private func output(
        _ script: String, _ edit: (inout OCIConfig) -> Void = { _ in }
    ) async throws -> String {
        var result = ""
        try await SandboxFixture.with { fixture in
            let (output, exit) = try await fixture.run(script, edit: edit)
            #expect(exit == .code(0), "\(output)")
            result = output
        }
        return result
    }

    @Test func `A process has the scheduling that it asks for, and so have its children`() async throws {
        // proc(5): nice is field 19 of stat, the policy 41.
        let script =
            "set -- $(busybox cat /proc/self/stat); shift 18; echo $1; shift 22; echo $1; busybox ionice"
        let plain = try await output(script)
        #expect(plain.hasPrefix("0\n0\n"))
        let own = try await output(script) { config in
            config.process.scheduler = .init(policy: "SCHED_BATCH")
            config.process.scheduler?.nice = 7
            config.process.ioPriority = .init(class: "IOPRIO_CLASS_IDLE", priority: 0)
        }
        #expect(own.hasPrefix("7\n3\nidle"), "\(own)")
    }

    @Test func `Names and parameters are the instance's own`() async throws {
        let script =
            "cat /proc/sys/kernel/msgmax /proc/sys/fs/mqueue/msg_max /proc/sys/kernel/domainname; uname -m"
        let text = try await output("busybox " + script.replacing("uname", with: "busybox uname")) { config in
            config.linux?.sysctl = ["kernel.msgmax": "4242", "fs.mqueue.msg_max": "42"]
            config.domainname = "nis.example"
            config.linux?.personality = .init(domain: "LINUX32")
        }
        #expect(text.hasPrefix("4242\n42\nnis.example\n"), "\(text)")
        #expect(text.contains("i686") || text.contains("armv"), "\(text)")
        #expect(!(try await output("cat /proc/sys/kernel/msgmax")).hasPrefix("4242"))
    }

    @Test func `A time namespace has its own uptime`() async throws {
        let text = try await output("cat /proc/uptime; read -r a < /proc/self/timens_offsets; echo $a") {
            config in
            config.linux?.namespaces?.append(.init(.time))
            config.linux?.timeOffsets = ["boottime": .init(secs: 1_000_000_000, nanosecs: 5)]
        }
        let uptime = try #require(Double(text.prefix { $0 != " " }))
        #expect(uptime > 1_000_000_000, "\(text)")
        #expect(!(try await output("cat /proc/uptime")).hasPrefix("10000"))
    }

    @Test func `Propagation holds among the instance's own mount namespaces`() async throws {
        let text = try await output("grep -E ' (/|/own) ' /proc/self/mountinfo") { config in
            config.linux?.rootfsPropagation = "shared"
            config.mounts?.append(
                .init(destination: "/own", type: "tmpfs", source: "t", options: ["unbindable", "rro"]))
        }
        let lines = text.split(separator: "\n")
        #expect(lines.contains { $0.contains(" / / ") && $0.contains(" shared:") }, "\(text)")
        #expect(lines.contains { $0.contains(" /own ro,") && $0.contains(" unbindable ") }, "\(text)")
        #expect(!(try await output("cat /proc/self/mountinfo")).contains(" shared:"))
    }

    @Test func `A filter's flags are taken by the kernel`() async throws {
        let text = try await output("grep -E 'Seccomp|Speculation_Store' /proc/self/status") { config in
            config.linux?.seccomp = .init(defaultAction: .allow)
            config.linux?.seccomp?.syscalls = [.init(names: ["swapon"], action: .log)]
            config.linux?.seccomp?.flags = ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"]
        }
        #expect(text.contains("Seccomp:\t2"), "\(text)")
    }

    @Test func `What the host lacks is told by its field`() async throws {
        if SecurityModules.ofHost().names.contains("apparmor") { return }
        try await SandboxFixture.with { fixture in
            let revision = try fixture.revision("true") { $0.process.apparmorProfile = "web" }
            await #expect {
                try await fixture.runtime.prepare(revision)
            } throws: {
                ($0 as? InvalidInput)?.path == "process.apparmorProfile"
            }
        }
    }

    @Test func `A call that the kernel refuses is told by its field`() async throws {
        try await SandboxFixture.with { fixture in
            let revision = try fixture.revision("true") { $0.linux?.sysctl = ["fs.mqueue.msg_max": "-1"] }
            await #expect {
                _ = try await fixture.start(revision)
            } throws: {
                ($0 as? InstanceFailure)?.message.contains("linux.sysctl.fs.mqueue.msg_max") == true
            }
        }
    }
}
