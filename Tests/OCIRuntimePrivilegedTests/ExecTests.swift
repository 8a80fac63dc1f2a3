import Glibc
import LinuxSystem
import OCI
import Testing

/// Further processes in a container that runs.
@Suite(.serialized, .enabled(if: RuntimeFixture.isPossible, RuntimeFixture.needs))
struct ContainerExecTests {
    private static let hasManyIDs =
        (try? File.text("/proc/self/uid_map"))?.contains("4294967295") == true

    /// With a container that sleeps, and its first process.
    private func withContainer(
        _ edit: (inout OCIConfig) -> Void = { _ in }, _ body: (RuntimeFixture, String, Int32) throws -> Void
    ) throws {
        try RuntimeFixture.with { fixture in
            try fixture.configure(command: ["/bin/sleep", "1000"], edit: edit)
            let id = try fixture.created()
            try #require(try fixture.run(["start", id]).status == 0)
            try body(fixture, id, try fixture.state(id).pid)
        }
    }

    @Test func theStatusIsTheProcessesOwn() throws {
        try withContainer { fixture, id, _ in
            let result = try fixture.run(["exec", id, "/bin/sh", "-c", "echo out; echo err >&2; exit 7"])
            #expect(result.status == 7 && result.output == "out\n" && result.errors == "err\n")
            #expect(try fixture.run(["exec", id, "--", "sh", "-c", "kill -9 $$"]).status == 128 + 9)
            #expect(try fixture.run(["exec", id, "true"]).status == 0)
            #expect(try fixture.state(id).status == "running")
        }
    }

    @Test func optionsOfTheCommandAreItsOwn() throws {
        try withContainer { fixture, id, _ in
            let result = try fixture.run([
                "exec", "-e", "A=1", "--cwd", "/bin", id, "sh", "-c", "pwd; echo $A $0 $1", "-t", "--cwd",
            ])
            #expect(result.output == "/bin\n1 -t --cwd\n", "\(result.errors)")
        }
    }

    @Test func itIsInEveryNamespaceOfTheContainer() throws {
        try withContainer { fixture, id, pid in
            let kinds = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"]
            let script = kinds.map { "readlink /proc/self/ns/\($0)" }.joined(separator: "; ")
            let result = try fixture.run(["exec", id, "sh", "-c", script])
            let expected = try kinds.map { try FileTree.linkContent("/proc/\(pid)/ns/\($0)") }
            #expect(result.output.split(separator: "\n").map(String.init) == expected, "\(result.errors)")
            let root = try fixture.run(["exec", id, "ls", "/"])
            #expect(root.output.contains("bin") && !root.output.contains("home"))
        }
    }

    @Test func itCanDoNoMoreThanTheContainersProcess() throws {
        let edit = { (config: inout OCIConfig) in
            config.process.noNewPrivileges = true
            config.process.rlimits = [.init(type: "RLIMIT_CORE", soft: 0, hard: 0)]
            var seccomp = OCIConfig.Seccomp(defaultAction: .allow)
            seccomp.syscalls = [.init(names: ["mkdir", "mkdirat"], action: .errno, errnoRet: 95)]
            config.linux?.seccomp = seccomp
        }
        try withContainer(edit) { fixture, id, pid in
            let keys = "Cap|NoNewPrivs|Seccomp:|Groups"
            let result = try fixture.run(["exec", id, "grep", "-E", keys, "/proc/self/status"])
            let own = try File.text("/proc/\(pid)/status").split(separator: "\n").filter { line in
                keys.split(separator: "|").contains { line.contains($0) }
            }
            #expect(result.output.split(separator: "\n") == own, "\(result.errors)")
            let core = try fixture.run(["exec", id, "sh", "-c", "ulimit -c; umask; busybox mkdir /tmp/x"])
            #expect(core.output.hasPrefix("0\n"))
            #expect(core.errors.contains("Operation not supported"))
            let more = try fixture.run([
                "exec", "--cap", "CAP_SYS_TIME", id, "grep", "CapEff", "/proc/self/status",
            ])
            #expect(more.status == 0 && more.output != String(own.first { $0.contains("CapEff") } ?? ""))
        }
    }

    @Test(.enabled(if: hasManyIDs, "needs more than one user id"))
    func itRunsAsWhomItIsTold() throws {
        try withContainer { fixture, id, _ in
            let result = try fixture.run(["exec", "-u", "12:34", "-g", "56", id, "id"])
            #expect(
                result.output.contains("uid=12 gid=34 groups=34,56") || result.output.contains("groups=56"),
                "\(result)")
        }
    }

    @Test func aProcessIsDescribedByAFile() throws {
        try withContainer { fixture, id, _ in
            let file = fixture.directory + "/process.json"
            let text = #"{"args": ["sh", "-c", "pwd; echo $X"], "cwd": "/etc", "env": ["X=1", "PATH=/bin"]}"#
            try FileTree.makeFile(file, content: Array(text.utf8))
            let result = try fixture.run(["exec", "--process", file, id])
            #expect(result.output == "/etc\n1\n", "\(result.errors)")
            let both = try fixture.run(["exec", "--process", file, id, "true"])
            #expect(both.status == 1 && both.errors.contains("--process"))
            let none = try fixture.run(["exec", id])
            #expect(none.status == 1 && none.errors.contains("nothing to run"))
        }
    }

    @Test func aTerminalIsTheContainersOwn() throws {
        try withContainer { fixture, id, _ in
            let result = try fixture.run(["exec", "--tty", id, "sh", "-c", "tty; ls -l /dev/pts/0; exit 5"])
            #expect(result.status == 5)
            #expect(result.output.hasPrefix("/dev/pts/0\r\n"), "\(result)")
            let alone = try fixture.run(["exec", "--tty", "--detach", id, "true"])
            #expect(alone.status == 1 && alone.errors.contains("--console-socket"))
        }
    }

    @Test func oneThatIsLetGoOfLivesOn() throws {
        try withContainer { fixture, id, pid in
            let file = fixture.directory + "/pid"
            let result = try fixture.run(["exec", "-d", "--pid-file", file, id, "sleep", "999"])
            try #require(result.status == 0, "\(result.errors)")
            let other = try #require(Int32(try File.text(file)))
            #expect(try File.text("/proc/\(other)/comm") == "sleep\n")
            #expect(try File.text("/proc/\(other)/cgroup") == File.text("/proc/\(pid)/cgroup"))
            #expect(try fixture.run(["kill", id, "KILL"]).status == 0)
            // Where the test is its namespace's first process, orphans are its own to reap.
            for _ in 0..<500 where waitpid(other, nil, WNOHANG) == 0 { usleep(10_000) }
            try fixture.waits(for: "stopped", of: id)
            // It was in the container's pid namespace, which has ended.
            for _ in 0..<500 where access("/proc/\(other)", F_OK) == 0 { usleep(10_000) }
            #expect(access("/proc/\(other)", F_OK) != 0)
            let late = try fixture.run(["exec", id, "true"])
            #expect(late.status == 1 && late.errors.contains("it is stopped"))
        }
    }

    @Test func whatCannotBeExecutedIsSaid() throws {
        try withContainer { fixture, id, _ in
            let none = try fixture.run(["exec", id, "no-such-program"])
            #expect(none.status == 1)
            #expect(none.errors.contains("'no-such-program' cannot be executed: No such file or directory"))
            let place = try fixture.run(["exec", "--cwd", "/nowhere", id, "true"])
            #expect(place.errors.contains("process.cwd: '/nowhere' cannot be entered"))
            let label = try fixture.run(["exec", "--process-label", "system_u", id, "true"])
            #expect(label.status == 1 && label.errors.contains("process.selinuxLabel"))
            let profile = try fixture.run(["exec", "--apparmor", "mine", id, "true"])
            #expect(profile.status == 1 && profile.errors.contains("process.apparmorProfile"))
            #expect(try fixture.run(["exec", "no-such", "true"]).errors.contains("does not exist"))
        }
    }

    /// A working directory by way of somebody's descriptor would lead out of the container (CVE-2024-21626).
    @Test func noDescriptorOfTheHostsLeadsOut() throws {
        try withContainer { fixture, id, _ in
            for number in 3..<20 {
                let result = try fixture.run(["exec", "--cwd", "/proc/self/fd/\(number)", id, "ls", "-a"])
                #expect(result.status == 1 && result.output.isEmpty, "\(number): \(result)")
            }
            // Even one that the caller passes on, and leaks of its own are closed.
            let command = "\(RuntimeFixture.program) --root \(fixture.root) exec"
            let log = fixture.directory + "/log"
            let passed = RuntimeFixture.shell(
                "exec 3</; \(command) --preserve-fds 1 --cwd /proc/self/fd/3 \(id) ls -a >\(log) 2>&1")
            #expect(passed == 1)
            #expect(try File.text(log).contains("Invalid cross-device link"))
            let leaked = RuntimeFixture.shell("exec 9</; \(command) \(id) ls /proc/self/fd >\(log) 2>&1")
            #expect(leaked == 0)
            #expect(try File.text(log) == "0\n1\n2\n3\n")
            let kept = RuntimeFixture.shell(
                "exec 3</etc/hostname; \(command) --preserve-fds 1 \(id) ls /proc/self/fd >\(log) 2>&1")
            #expect(kept == 0)
            #expect(try File.text(log) == "0\n1\n2\n3\n4\n")
        }
    }

    /// Whoever looks at a process that comes in finds no program of the host's behind it (CVE-2019-5736), even with the
    /// privilege to look at any.
    @Test func noProgramOfTheHostsIsSeenInside() throws {
        try RuntimeFixture.with { fixture in
            let script = """
                readlink /proc/1/exe >/out/seen
                while :; do for p in /proc/[0-9]*; do
                    l=$(readlink $p/exe) && [ "$l" != /bin/busybox ] && echo "$l"
                done; done >>/out/seen 2>/dev/null
                """
            try FileTree.makeDirectory(fixture.bundle + "/rootfs/out", mode: 0o777)
            try fixture.configure(script) { config in
                config.root.readonly = false
                for set in [\OCIConfig.Capabilities.bounding, \.effective, \.permitted] {
                    config.process.capabilities?[keyPath: set]?.append("CAP_SYS_PTRACE")
                }
            }
            let id = try fixture.created()
            try #require(try fixture.run(["start", id]).status == 0)
            for _ in 0..<20 { _ = try fixture.run(["exec", id, "true"]) }
            let seen = Set(try File.text(fixture.bundle + "/rootfs/out/seen").split(separator: "\n"))
            #expect(seen.contains("/bin/busybox"))
            #expect(seen.filter { $0 != "/bin/busybox" && !$0.hasPrefix("/memfd:torpor-stage") }.isEmpty)
        }
    }
}
