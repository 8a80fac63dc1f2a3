import Core
import Glibc
import LinuxSystem
import OCI
import Sandbox
import Testing

/// A function that does not want to go.
@Suite(.serialized, .enabled(if: SandboxFixture.isPossible, SandboxFixture.needs))
struct TeardownTests {
    /// Processes whose command line has the token.
    private func processes(with token: String) -> [pid_t] {
        Shell.output("ls /proc").split(separator: "\n").compactMap { pid_t($0) }.filter { pid in
            guard let line = try? File.read("/proc/\(pid)/cmdline", limit: 1 << 16) else { return false }
            return String(decoding: line, as: UTF8.self).contains(token)
        }
    }

    @Test func `Whatever it holds, all of it ends, and its files are free`() async throws {
        try await SandboxFixture.with { fixture in
            let program = try Probe.install(in: fixture)
            let token = "hold=\(UInt64.random(in: 0...UInt64.max))"
            let (id, instance) = try await fixture.start(
                try fixture.revision(command: ["/bin/probe", token]) { $0.root.readonly = false })
            while !fixture.logs.soFar(of: id).contains("holding") {
                try await Task.sleep(for: .milliseconds(2))
            }
            #expect(processes(with: token).count >= 4)
            let first = try #require(instance.processID)
            instance.terminate()
            instance.kill()
            _ = await instance.ended()
            #expect(processes(with: token).isEmpty)
            #expect(access("/proc/\(first)", F_OK) != 0)

            // Where only its first process is ended, the others go on.
            let outside = token + "x"
            let main = Shell.output("'\(program)' '\(outside)' > '\(fixture.directory)/out' & echo $!")
            let pid = try #require(pid_t(main.split(separator: "\n").first ?? ""))
            while processes(with: outside).count < 5 { try await Task.sleep(for: .milliseconds(2)) }
            kill(pid, SIGKILL)
            try await Task.sleep(for: .milliseconds(50))
            let left = processes(with: outside)
            #expect(left.count >= 4)
            for each in left { kill(each, SIGKILL) }
        }
    }
}
