import Core
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
}
