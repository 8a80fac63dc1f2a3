import Core
import Glibc
import LinuxSystem
import OCI
import Sandbox
import Testing

/// Descriptors of the daemon that would lead a function out, and programs that it would change.
@Suite(.serialized, .enabled(if: SandboxFixture.isPossible, SandboxFixture.needs))
struct DescriptorTests {
    /// A directory of the host that the daemon has open and would hand on, as one that was opened carelessly.
    private func withLeak(_ fixture: SandboxFixture, _ body: (Int32) async throws -> Void) async throws {
        let leak = open(fixture.directory, O_RDONLY | O_DIRECTORY)
        try #require(leak >= 3)
        defer { close(leak) }
        try await body(leak)
    }

    @Test func `No descriptor of the daemon is a function's (CVE-2024-21626)`() async throws {
        try await SandboxFixture.with { fixture in
            let program = try Probe.install(in: fixture)
            try await withLeak(fixture) { leak in
                let inside = try await Probe.inside(fixture, ["leaked=images"])
                #expect(inside["leaked=images"] == "ENOENT")
                let careless = Probe.results(Shell.output("'\(program)' leaked=images"))
                #expect(careless["leaked=images"] == "ok", "whoever closes nothing hands it on")
            }
        }
    }

    /// A working directory is entered with the function's own descriptors, and made where no link leads.
    @Test func `No working directory is one of the daemon's (CVE-2024-21626)`() async throws {
        try await SandboxFixture.with { fixture in
            let program = try Probe.install(in: fixture)
            try await withLeak(fixture) { leak in
                for number in Set([leak] + (3..<20)) {
                    for place in [
                        "/proc/self/fd/\(number)", "/proc/self/fd/\(number)/..", "/proc/1/fd/\(number)",
                    ] {
                        let revision = try fixture.revision(command: ["/bin/probe", "here=images"]) {
                            Defence.grantEverything(&$0)
                            $0.process.cwd = place
                        }
                        // Refused, or a place within.
                        guard let (id, instance) = try? await fixture.start(revision) else { continue }
                        _ = await instance.ended()
                        #expect(await fixture.logs.text(of: id).hasSuffix(" ENOENT\n"), "\(place)")
                    }
                }
                let careless = Shell.output("cd /proc/self/fd/\(leak) && '\(program)' here=images")
                #expect(Probe.results(careless)["here=images"] == "ok", "whoever closes nothing can be there")
            }
        }
    }

    @Test func `The program of PID 1 cannot be changed (CVE-2019-5736)`() async throws {
        try await SandboxFixture.with { fixture in
            let program = try Probe.install(in: fixture)
            let attempts = Probe.results(Shell.output("'\(program)' sealed unsealed"))
            #expect(attempts["unsealed"] == "ok", "the attempt works where nothing is sealed")
            #expect(attempts["sealed"] == "EPERM")
            let (id, instance) = try await fixture.start(
                try fixture.revision(command: ["/bin/probe", "program=1", "hold"]) {
                    Defence.takeAway(Set(Defence.allCases).subtracting([.openFiles]), from: &$0)
                })
            while !fixture.logs.soFar(of: id).contains("holding") {
                try await Task.sleep(for: .milliseconds(2))
            }
            let result = Probe.results(fixture.logs.soFar(of: id))["program=1"]
            #expect(result.map(["EACCES", "ETXTBSY", "EPERM"].contains) == true, "\(result ?? "")")
            // As whoever kept it open until it ended.
            let first = try #require(instance.processID)
            let kept = open("/proc/\(first)/exe", O_RDONLY | O_CLOEXEC)
            try #require(kept >= 0)
            defer { close(kept) }
            instance.kill()
            _ = await instance.ended()
            let again = open("/proc/self/fd/\(kept)", O_RDWR | O_CLOEXEC)
            defer { close(again) }
            var byte: UInt8 = 0x7f
            #expect(again < 0 || pwrite(again, &byte, 1, 0) < 0)
            #expect(errno == EPERM)
        }
    }
}
