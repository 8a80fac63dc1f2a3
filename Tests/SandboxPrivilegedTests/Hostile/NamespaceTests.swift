import Core
import Glibc
import LinuxSystem
import OCI
import Sandbox
import Testing

/// Each namespace by itself: an attempt from all of a container's namespaces, and from all but one.
@Suite(.serialized, .enabled(if: SandboxFixture.isPossible, SandboxFixture.needs))
struct NamespaceTests {
    private static let all = ["user", "mount", "pid", "ipc", "uts", "net"]

    /// Runs the probe in a container's namespaces, save one.
    private func enter(_ process: Int, without missing: String?, program: String, _ attempt: String)
        -> String?
    {
        let spaces = Self.all.filter { $0 != missing }.map { "--\($0)" }.joined(separator: " ")
        // With one id alone there is none to change to, and no group to give up.
        let ids = SandboxFixture.isRootless ? "--preserve-credentials" : ""
        // Without the container's files the program is the host's.
        let path = missing == "mount" ? program : "/bin/probe"
        let output = Shell.output("nsenter --target \(process) \(ids) \(spaces) '\(path)' '\(attempt)'")
        return Probe.results(output)[attempt]
    }

    /// The function's own process, which is not torpor-init.
    private func main(of instance: any SandboxedInstance) throws -> Int {
        let first = try #require(instance.processID)
        let children = try File.text("/proc/\(first)/task/\(first)/children").split(separator: " ")
        return try #require(children.first.flatMap { Int($0) })
    }

    @Test func `Each hides what is the host's of its kind`() async throws {
        try await SandboxFixture.with { fixture in
            let program = try Probe.install(in: fixture)
            let (_, instance) = try await fixture.start(try fixture.revision("sleep 60"))
            let (_, other) = try await fixture.start(try fixture.revision("sleep 60"))
            let inside = try main(of: instance)

            let key = Int32.random(in: 1...Int32.max)
            let segment = shmget(key, 4096, IPC_CREAT | 0o666)
            defer { shmctl(segment, IPC_RMID, nil) }
            let name = "torpor-probe-\(UInt64.random(in: 0...UInt64.max))"
            let listener = try listen(name)
            defer { close(listener) }
            let host = Shell.output("uname -n").split(separator: "\n").first ?? ""
            let attempts = [
                // Of the same function, so that nothing but the namespace is in the way.
                ("pid", "signal=\(try main(of: other))", "ESRCH"),
                ("ipc", "shared-memory=\(key)", "ENOENT"),
                ("uts", "hostname=\(host)", "ENOENT"),
                ("mount", "read=\(program)", "ENOENT"),
                ("net", "abstract-socket=\(name)", "ECONNREFUSED"),
            ]
            for (space, attempt, stopped) in attempts {
                let with = enter(inside, without: nil, program: program, attempt)
                #expect(with == stopped, "\(attempt) in all namespaces: \(with ?? "")")
                let without = enter(inside, without: space, program: program, attempt)
                #expect(without == "ok", "\(attempt) without \(space): \(without ?? "")")
            }
            for each in [instance, other] {
                each.kill()
                _ = await each.ended()
            }
        }
    }

    /// On an abstract address, which no file system hides.
    private func listen(_ name: String) throws -> Int32 {
        let end = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0[1...].copyBytes(from: name.utf8) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + 1 + name.utf8.count)
        let result = withUnsafeBytes(of: &address) { raw in
            raw.withMemoryRebound(to: sockaddr.self) { bind(end, $0.baseAddress, length) }
        }
        try #require(result == 0 && Glibc.listen(end, 8) == 0)
        return end
    }
}
