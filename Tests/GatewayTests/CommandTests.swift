import Core
import Gateway
import Glibc
import Synchronization
import Testing

/// Mode `exec` at the gateway: commands are ordinary children here, of the test itself.
@Suite struct CommandTests {
    @Test func `The body goes in and the output comes out`() async throws {
        try await run("cat") { fixture, host in
            for size in [0, 5, 200_000] {
                let body = String(repeating: "x", count: size)
                let response = try await fixture.client { socket in
                    try socket.send(
                        "POST /function/hello HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n\(body)")
                    return try socket.response()
                }
                #expect(response.status == 200 && response.body == Array(body.utf8))
            }
            #expect(await eventually { host.running == 0 })
        }
    }

    @Test func `A command that reads nothing answers all the same`() async throws {
        try await run("echo early") { fixture, _ in
            let response = try await fixture.client { socket in
                try socket.send("POST /function/hello HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n")
                try? socket.send(String(repeating: "x", count: 500_000))
                return try socket.response()
            }
            #expect(response.status == 200 && response.body == Array("early\n".utf8))
        }
    }

    @Test func `A slow reader slows the command`() async throws {
        try await run("head -c 50000000 /dev/zero") { fixture, host in
            try await fixture.client { socket in
                try socket.send("GET /function/hello HTTP/1.1\r\nHost: a\r\n\r\n")
                usleep(500_000)
                #expect(host.running == 1, "it cannot have written all of it")
                let response = try socket.response()
                #expect(response.body.count == 50_000_000)
            }
        }
    }

    @Test func `Whoever leaves takes the command along`() async throws {
        try await run("sleep 1000 & sleep 1000") { fixture, host in
            try await fixture.client { socket in
                try socket.send("GET /function/hello HTTP/1.1\r\nHost: a\r\n\r\n")
                while host.running == 0 { usleep(1000) }
            }
            #expect(await eventually { host.running == 0 })
            #expect(host.signals == [SIGKILL])
        }
    }

    @Test func `A command that cannot be started is looked for elsewhere once`() async throws {
        try await run("cat", refuses: true) { fixture, _ in
            let status = try await fixture.client { socket in
                try socket.send("GET /function/hello HTTP/1.1\r\nHost: a\r\n\r\n")
                return try socket.response().status
            }
            #expect(status == 502)
        }
    }

    @Test func `Output that something else holds open ends with the command`() async throws {
        // It leaves the command's process group, and so is not killed with it.
        try await run("setsid sleep 3 & sleep 0.1; echo done") { fixture, _ in
            let response = try await fixture.client { socket in
                try socket.send("GET /function/hello HTTP/1.1\r\nHost: a\r\n\r\n")
                return try socket.response()
            }
            #expect(response.body == Array("done\n".utf8))
        }
    }

    @Test func `Output that still comes is no whole answer yet`() async throws {
        let late = "for i in 1 2 3 4 5 6 7 8; do sleep 0.05; echo $i; done"
        let mark = "/tmp/torpor-late-\(getpid())"
        defer { unlink(mark) }
        // Until it has left the group it would be killed with it.
        let script =
            "echo begin; setsid sh -c 'touch \(mark); \(late)' & until [ -e \(mark) ]; do sleep 0.01; done"
        try await run(script) { fixture, _ in
            let response = try await fixture.client { socket in
                try socket.send("GET /function/hello HTTP/1.1\r\nHost: a\r\n\r\n")
                return try socket.response()
            }
            #expect(response.body == Array("begin\n1\n2\n3\n4\n5\n6\n7\n8\n".utf8))
        }
    }

    @Test func `Variables beyond the limit are a head that is too large`() async throws {
        try await run("cat") { fixture, host in
            let status = try await fixture.client { socket in
                let line = "X-Long: \(String(repeating: "x", count: 30_000))\r\n"
                try socket.send("GET /function/hello HTTP/1.1\r\nHost: a\r\n\(line)\r\n")
                return try socket.response().status
            }
            #expect(status == 431)
            #expect(host.running == 0)
        }
    }

    private func run(
        _ script: String, refuses: Bool = false,
        _ body: (GatewayFixture, ShellHost) async throws -> Void
    ) async throws {
        try await GatewayFixture.with { fixture in
            let host = ShellHost(script: script, refuses: refuses)
            let handle = GatewayFixture.instance(
                fixture.key, port: 1, commands: CommandService(processes: host, isCGI: false))
            fixture.gateway.publish(fixture.key, instances: [handle])
            try await body(fixture, host)
        }
    }
}

/// Runs a script for each request, as an instance would.
final class ShellHost: ProcessStarting {
    private let script: String
    private let refuses: Bool
    private let pids = Mutex<Set<pid_t>>([])
    private let sent = Mutex<[Int32]>([])

    init(script: String, refuses: Bool) {
        self.script = script
        self.refuses = refuses
    }

    var running: Int { pids.withLock { $0.count } }
    var signals: [Int32] { sent.withLock { $0 } }
    let ownVariables: Set<String> = []
    func log(_ line: String) {}

    func start(
        _ process: ProcessStart, ended: @escaping @Sendable (ProcessEnd) -> Void
    ) throws(InstanceFailure) -> UInt32 {
        if refuses { throw InstanceFailure(phase: .run, cause: "SandboxFailed", message: "refused") }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input = process.input {
            posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        if let output = process.output { posix_spawn_file_actions_adddup2(&actions, output, 1) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        var arguments: [UnsafeMutablePointer<CChar>?] =
            ["/bin/sh", "-c", script].map { (text: String) in strdup(text) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, "/bin/sh", &actions, &attributes, &arguments, environ)
        guard result == 0 else {
            throw InstanceFailure(phase: .run, cause: "SandboxFailed", message: "posix_spawn: \(result)")
        }
        let child = pid
        pids.withLock { _ = $0.insert(child) }
        Task { [self] in  // Ends with the child.
            var status: Int32 = 0
            while waitpid(child, &status, WNOHANG) == 0 { try? await Task.sleep(for: .milliseconds(1)) }
            kill(-child, SIGKILL)
            pids.withLock { _ = $0.remove(child) }
            ended(.exited(status & 0x7f == 0 ? .code(Int(status >> 8)) : .signal(Int(status & 0x7f))))
        }
        return UInt32(child)
    }

    func signal(_ process: UInt32, _ number: Int32) {
        sent.withLock { $0.append(number) }
        kill(-pid_t(process), number)
    }
}
