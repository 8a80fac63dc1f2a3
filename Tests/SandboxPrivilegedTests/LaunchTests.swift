import Core
import Glibc
import OCI
import Sandbox
import Testing

@Suite(.serialized, .enabled(if: SandboxFixture.isPossible, SandboxFixture.needs))
struct LaunchTests {
    @Test func `A function runs and its output and exit code are seen`() async throws {
        try await SandboxFixture.with { fixture in
            let (output, exit) = try await fixture.run("echo hello; echo pid $$; exit 7")
            #expect(output.contains("hello\n"))
            #expect(output.contains("pid 2\n"))
            #expect(exit == .code(7))
        }
    }

    @Test func `It sees its own processes, ids, names and files only`() async throws {
        try await SandboxFixture.with { fixture in
            let (output, exit) = try await fixture.run(
                """
                cat /proc/1/comm; cat /proc/self/uid_map; hostname; cat /etc/resolv.conf; cat /etc/hosts
                cat /etc/hostname; pwd; cd /dev; echo *; cd /proc; for p in [0-9]*; do echo proc $p; done
                ls /sys/class/net
                """)
            #expect(exit == .code(0))
            #expect(output.contains("torpor-init\n"))
            if SandboxFixture.isRootless {
                #expect(output.contains("         0          0          1\n"))
            } else {
                #expect(output.contains("         0     200000      65536\n"))
            }
            #expect(output.contains("hello\n"))
            #expect(output.contains("nameserver 192.0.2.1\n"))
            #expect(output.contains("127.0.0.1 localhost hello\n"))
            #expect(output.contains("\n/\n"))
            for node in [
                "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "tty", "urandom", "zero",
            ] {
                #expect(output.contains(node))
            }
            #expect(output.contains("proc 1\nproc 2\n"))
            #expect(!output.contains("proc 9\n"))
            #expect(output.hasSuffix("lo\n"))
        }
    }

    @Test func `Privileges are what the configuration says, and no more`() async throws {
        try await SandboxFixture.with { fixture in
            let (output, _) = try await fixture.run(
                "cat /proc/self/status; cat /proc/1/status | grep Seccomp")
            let expected = CapabilitySet.containerDefault.rawValue
            let mask =
                String(repeating: "0", count: 16 - String(expected, radix: 16).count)
                + String(expected, radix: 16)
            #expect(output.contains("CapEff:\t\(mask)\n"))
            #expect(output.contains("CapBnd:\t\(mask)\n"))
            #expect(output.contains("CapAmb:\t0000000000000000\n"))
            #expect(output.contains("NoNewPrivs:\t1\n"))
            #expect(output.contains("Seccomp:\t2\n"))
            let (denied, _) = try await fixture.run(
                "mount -t tmpfs none /tmp 2>&1; ls /proc/1/fd 2>&1; cat /proc/1/environ 2>&1; kill -9 1; echo alive"
            )
            #expect(denied.contains("not permitted") || denied.contains("ermission denied"))
            #expect(denied.contains("alive"))
        }
    }

    @Test func `Masked and read-only paths hold, and the image is never written`() async throws {
        try await SandboxFixture.with { fixture in
            let (output, _) = try await fixture.run(
                """
                ls /proc/acpi /sys/firmware | grep -v : | wc -l; cat /proc/keys | wc -c
                echo x > /proc/sys/kernel/hostname; echo x > /new; echo x > /bin/plain; echo x > /sys/x
                echo scratch > /tmp/file && cat /tmp/file; echo $(cat /bin/plain)
                """)
            #expect(!output.contains("x\n"))
            #expect(output.contains("Read-only file system"))
            #expect(output.contains("scratch\n"))
            #expect(output.contains("text\n"))
            let (written, _) = try await fixture.run(
                "echo x > /new && echo y > /bin/plain && cat /new /bin/plain"
            ) {
                $0.root.readonly = false
            }
            #expect(written == "x\ny\n")
            #expect(access(fixture.directory + "/images/busybox/new", F_OK) != 0)
            #expect(access(fixture.directory + "/outside", F_OK) != 0)
            let (again, _) = try await fixture.run("ls /; cat /bin/plain") { $0.root.readonly = false }
            #expect(!again.contains("new"))
            #expect(again.hasSuffix("text"))
        }
    }

    @Test func `Environment, directory, umask and limits reach the function`() async throws {
        try await SandboxFixture.with { fixture in
            var spec = FunctionSpec()
            spec.environment = ["GREETING": "hi there", "PATH": "/bin"]
            spec.port = 9000
            let (output, _) = try await fixture.run(
                "env; pwd; umask; ulimit -n; ulimit -Hn; ulimit -c; cat /proc/self/oom_score_adj", spec: spec
            ) { config in
                config.process.cwd = "/made/for/this"
                config.process.env = ["FROM_CONFIG=1", "GREETING=overridden", "PORT=1"]
                config.process.user?.umask = 0o027
                config.process.oomScoreAdj = 500
                config.process.rlimits = [
                    .init(type: "RLIMIT_NOFILE", soft: 100, hard: 200),
                    .init(type: "RLIMIT_CORE", soft: 0, hard: 0),
                ]
            }
            for line in [
                "GREETING=hi there", "PATH=/bin", "PORT=9000", "FROM_CONFIG=1", "TORPOR_FUNCTION=hello",
                "TORPOR_NAMESPACE=default", "TORPOR_REVISION=hello-00001", "K_SERVICE=hello",
                "K_REVISION=hello-00001", "K_CONFIGURATION=hello", "/made/for/this", "0027", "100", "200",
                "500",
            ] {
                #expect(output.split(separator: "\n").contains(Substring(line)), "\(line) in \(output)")
            }
            let instance = output.split(separator: "\n").first { $0.hasPrefix("TORPOR_INSTANCE=") }
            #expect(instance?.count == "TORPOR_INSTANCE=".count + 12)
            #expect(instance != "TORPOR_INSTANCE=000000000000")
        }
    }

    @Test(.enabled(if: !SandboxFixture.isRootless, "needs a range of ids"))
    func `User and additional groups are set`() async throws {
        try await SandboxFixture.with { fixture in
            let (output, _) = try await fixture.run(
                "id -u; id -g; id -G; cat /proc/self/status | grep CapEff"
            ) {
                $0.process.user = .init(uid: 1000, gid: 1001)
                $0.process.user?.additionalGids = [2000, 3000]
            }
            #expect(output == "1000\n1001\n1001 2000 3000\nCapEff:\t0000000000000000\n")
        }
    }

    @Test(.enabled(if: !SandboxFixture.isRootless, "needs a range of ids"))
    func `The daemon's umask is not the containers'`() async throws {
        try await SandboxFixture.with(umask: 0o077) { fixture in
            let (output, exit) = try await fixture.run("cat /etc/hostname; ls /dev/null; umask") {
                $0.process.user = .init(uid: 1000, gid: 1001)
            }
            #expect(exit == .code(0))
            #expect(output == "hello\n/dev/null\n0022\n")
        }
    }

    @Test func `A missing and a non-executable command are told apart`() async throws {
        try await SandboxFixture.with { fixture in
            await #expect {
                try await fixture.start(try fixture.revision(command: ["/bin/absent"]))
            } throws: {
                ($0 as? InstanceFailure)?.cause == "CommandNotFound"
            }
            await #expect { try await fixture.start(try fixture.revision(command: ["absent"])) } throws: {
                ($0 as? InstanceFailure)?.cause == "CommandNotFound"
            }
            for command in ["/bin/plain", "/bin"] {
                await #expect { try await fixture.start(try fixture.revision(command: [command])) } throws: {
                    ($0 as? InstanceFailure)?.cause == "NotExecutable"
                }
            }
            let (_, exit) = try await fixture.run("exit 0")
            #expect(exit == .code(0))
        }
    }
}
