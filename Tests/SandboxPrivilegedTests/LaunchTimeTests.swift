import Core
import Glibc
import LinuxSystem
import OCI
import Sandbox
import Testing

@Suite(.serialized, .enabled(if: getenv("TORPOR_MEASURE") != nil, "prints times; set TORPOR_MEASURE"))
struct LaunchTimeTests {
    @Test func `From launch to exec`() async throws {
        try await SandboxFixture.with { fixture in
            for (name, edit) in [
                ("default", { @Sendable (_: inout OCIConfig) in }), ("ro /dev", Self.readOnlyDevices),
            ] {
                let revision = try fixture.revision(command: ["/bin/sleep", "1000"], edit: edit)
                try await fixture.runtime.prepare(revision)
                var times: [Int64] = []
                var ends: [Int64] = []
                for _ in 0..<400 {
                    let start = KernelClock.monotonic()
                    let (_, instance) = try await fixture.start(revision)
                    times.append((KernelClock.monotonic() - start) / 1000)
                    let kill = KernelClock.monotonic()
                    instance.kill()
                    _ = await instance.ended()
                    ends.append((KernelClock.monotonic() - kill) / 1000)
                }
                times.sort()
                ends.sort()
                let line = "\(name): launch to exec p50 \(times[200]) p99 \(times[396]) µs; kill to gone "
                try File.write(line + "p50 \(ends[200]) p99 \(ends[396])\n", to: "/dev/stderr")
            }
        }
    }

    @Sendable private static func readOnlyDevices(_ config: inout OCIConfig) {
        guard let index = config.mounts?.firstIndex(where: { $0.destination == "/dev" }) else { return }
        config.mounts?[index].options?.append("ro")
    }
}
