import Core
import Glibc
import LinuxSystem
import OCI
import Sandbox
import Testing

/// Malformed plans never crash torpor-init: it refuses them by name, or ends.
@Suite(.serialized) struct InitParserTests {
    private func with(_ body: (String) throws -> Void) throws {
        let path = "/tmp/torpor-init-test-\(getpid())-\(UInt32.random(in: 0..<1_000_000))"
        try FileTree.makeFile(path, content: SandboxRuntime.initProgram, mode: 0o755)
        defer { try? FileTree.remove(path) }
        try body(path)
    }

    private func message(_ kind: PlanFormat.Kind, length: Int? = nil, body: [UInt8]) -> [UInt8] {
        [kind.rawValue, 0, UInt32(length ?? body.count), 0].flatMap { word in
            withUnsafeBytes(of: word) { Array($0) }
        } + body
    }

    /// A plan that does nothing to the host: its only step of a container fails, for there is no root.
    private func harmlessPlan() throws -> [UInt8] {
        let steps: [LaunchPlan.Step] = [
            .readonly("/nothing"), .mask("/nothing"),
            .arguments(["/bin/true", "a", "b"]),
            .environment(["A=1", "TORPOR_INSTANCE=000000000000"]), .workingDirectory("/"),
            .identity(user: 0, group: 0, groups: [1, 2], umask: 0o22),
            .capabilities(bounding: 0, effective: 0, permitted: 0, inheritable: 0, ambient: 0),
            .processWrite("/nothing", content: "x", purpose: "write nothing"),
            .seccomp(Array(repeating: 6, count: 32)), .start,
        ]
        return try EncodedPlan(LaunchPlan(steps: steps)).bytes(for: try #require(InstanceID("0123456789ab")))
    }

    private func isCrash(_ status: Int32) -> Bool { status & 0x7f != 0 }

    @Test func `A good plan is carried out to its first step that fails`() throws {
        try with { program in
            let harness = try InitHarness(program: program)
            try harness.send(message(.plan, body: try harmlessPlan()))
            let (reports, status) = harness.end()
            let expected = InitFailure(
                step: 0, operation: PlanFormat.Operation.readonly.rawValue, code: UInt32(EINVAL), detail: 0)
            #expect(reports.compactMap(InitReport.init) == [.failed(id: 0, expected)])
            #expect(status == 1 << 8)
        }
    }

    @Test func `Cut, stretched and overlong plans are refused`() throws {
        try with { program in
            let plan = try harmlessPlan()
            for body in [
                [], Array(plan.prefix(7)), Array(plan.dropLast(8)), plan + [0, 0, 0, 0, 0, 0, 0, 0],
            ] {
                let harness = try InitHarness(program: program)
                try harness.send(message(.plan, body: body))
                let (reports, status) = harness.end()
                #expect(status == 1 << 8)
                guard case .failed(0, let failure)? = reports.first.flatMap(InitReport.init) else {
                    Issue.record("no failure reported for \(body.count) bytes")
                    continue
                }
                #expect(failure.code == EINVAL)
            }
            let harness = try InitHarness(program: program)
            try harness.send(message(.plan, length: Limits.planBytes + 1, body: plan))
            #expect(harness.end().status == 1 << 8)
        }
    }

    @Test func `Every byte of a plan may be wrong`() throws {
        try with { program in
            let plan = try harmlessPlan()
            var random = SeededGenerator(state: 0x7091)
            for round in 0..<400 {
                var body = plan
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    // With these values no operation becomes one that could do anything to the host.
                    let place = Int.random(in: 0..<body.count, using: &random)
                    body[place] =
                        [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &random) ?? UInt8(round & 0xff)
                }
                let harness = try InitHarness(program: program)
                try harness.send(message(.plan, body: body))
                let (_, status) = harness.end()
                #expect(!isCrash(status), "round \(round): status \(status)")
            }
        }
    }

    @Test func `What comes before a plan, or is no message, ends it`() throws {
        try with { program in
            for packet in [
                message(.spawn, body: try harmlessPlan()), message(.started, body: []), [1, 2, 3],
                message(.signal, length: 1 << 30, body: []),
            ] {
                let harness = try InitHarness(program: program)
                try harness.send(packet)
                #expect(harness.end().status == 1 << 8)
            }
        }
    }
}

/// SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
