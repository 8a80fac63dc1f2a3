import Core
import OCI
import Sandbox
import Synchronization
import Testing

/// What an instance writes to is bounded, and who uses it up is told of it.
@Suite(.enabled(if: SandboxFixture.isPossible, SandboxFixture.needs)) struct ExhaustionTests {
    private final class Notices: Sendable {
        let list = Mutex<[ExhaustionNotice]>([])
        var all: [ExhaustionNotice] { list.withLock { $0 } }
    }

    private func run(_ script: String, isReadonly: Bool = true) async throws -> (
        output: String, notices: [ExhaustionNotice], lacked: Exhaustion?
    ) {
        let notices = Notices()
        var result = ("", [ExhaustionNotice](), Exhaustion?.none)
        try await SandboxFixture.with { fixture in
            var spec = FunctionSpec()
            spec.limits.disk = .mebibytes(2)
            let revision = try fixture.revision(script, spec: spec) { $0.root.readonly = isReadonly }
            var random = SystemRandomNumberGenerator()
            let id = InstanceID(random: &random)
            let instance = try await fixture.runtime.launch(
                LaunchRequest(instance: id, revision: revision, slot: SlotID(1), idRange: 0) { notice in
                    notices.list.withLock { $0.append(notice) }
                })
            _ = await instance.ended()
            result = (await fixture.logs.text(of: id), notices.all, instance.exhausted())
        }
        return result
    }

    @Test func `Who fills the writable layer gets ENOSPC, and it is told, once`() async throws {
        let run = try await run(
            "cat /dev/zero >/file; echo ended; cat /dev/zero >/more; exit 1", isReadonly: false)
        #expect(run.output.contains("No space left on device") && run.output.contains("ended\n"))
        #expect(run.notices == [ExhaustionNotice(.disk, "its writable layer is full")])
        #expect(run.lacked == .disk)
    }

    @Test func `A full tmpfs of its own is found while it runs`() async throws {
        // Longer than it takes until it is looked at.
        let seconds = Limits.exhaustionInterval.components.seconds + 2
        let run = try await run("cat /dev/zero >/tmp/file; cat /dev/zero >/run/file; sleep \(seconds)")
        #expect(run.output.contains("No space left on device"))
        #expect(run.notices == [ExhaustionNotice(.disk, "/tmp is full")])
    }

    @Test func `There is a bound to how many files it makes`() async throws {
        let run = try await run(
            "i=0; while true >/file$i; do i=$((i+1)); done; exit 1", isReadonly: false)
        #expect(run.notices.map(\.kind) == [.disk])
    }

    @Test func `Who leaves room has lacked nothing`() async throws {
        let run = try await run("echo x >/file; echo x >/tmp/file; exit 1", isReadonly: false)
        #expect(run.notices.isEmpty && run.lacked == nil)
    }
}
