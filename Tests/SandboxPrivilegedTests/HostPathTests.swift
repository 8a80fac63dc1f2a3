import Core
import Glibc
import LinuxSystem
import OCI
import Sandbox
import Testing

/// What a bundle gets of the host, and what it does not.
@Suite(.serialized, .enabled(if: SandboxFixture.isPossible, SandboxFixture.needs))
struct HostPathTests {
    private func path(of error: any Error) -> String? { (error as? InvalidInput)?.path }

    @Test func `A bind below an allowed directory shows its files with the function's owners`() async throws {
        try await SandboxFixture.with { fixture in
            let shared = fixture.shared
            try FileTree.makeDirectory(shared + "/in")
            try FileTree.makeFile(shared + "/in/file", content: Array("text\n".utf8), mode: 0o644)
            let script =
                "cat /data/file /one; busybox stat -c %u /data/file; (echo x > /data/new) 2>&1; ls /data"
            let (output, exit) = try await fixture.run(script) {
                $0.mounts?.append(
                    .init(
                        destination: "/data", type: "bind", source: shared + "/in", options: ["rbind", "ro"]))
                $0.mounts?.append(
                    .init(destination: "/one", type: "none", source: shared + "/in/file", options: ["bind"]))
            }
            #expect(exit == .code(0) && output.hasPrefix("text\ntext\n0\n"), "\(output)")
            #expect(output.contains("Read-only file system") && output.hasSuffix("file\n"), "\(output)")
        }
    }

    @Test func `A bind of anything else is refused by its field`() async throws {
        try await SandboxFixture.with { fixture in
            for source in ["/etc", fixture.shared + "x", fixture.shared + "/missing"] {
                let revision = try fixture.revision("true") {
                    $0.mounts?.append(
                        .init(destination: "/data", type: "bind", source: source, options: ["bind"]))
                }
                await #expect {
                    try await fixture.runtime.prepare(revision)
                } throws: {
                    path(of: $0)?.hasSuffix("].source") == true
                }
            }
        }
    }

    @Test func `A bundle may have so many and no more`() async throws {
        try await SandboxFixture.with { fixture in
            func revision(_ count: Int) throws -> Revision {
                try fixture.revision("true") { config in
                    config.mounts = (0..<count).map {
                        .init(destination: "/d\($0)", type: "bind", source: fixture.shared, options: ["bind"])
                    }
                }
            }
            let (_, most) = try await fixture.start(try revision(Limits.hostPaths))
            #expect(await most.ended() == .code(0))
            let more = try revision(Limits.hostPaths + 1)
            await #expect {
                try await fixture.runtime.prepare(more)
            } throws: {
                path(of: $0) == "mounts"
            }
        }
    }

    @Test func `A device that is allowed can be used, another one cannot`() async throws {
        try await SandboxFixture.with { fixture in
            var device = OCIConfig.Device(type: "c", path: "/dev/own", major: 1, minor: 5)
            (device.fileMode, device.uid) = (0o600, SandboxFixture.isRootless ? 0 : 7)
            let (output, exit) = try await fixture.run(
                "busybox stat -c '%t:%T' /dev/own; busybox head -c 3 /dev/own | wc -c; echo x > /dev/null"
            ) {
                $0.linux?.devices = [device]
                if !SandboxFixture.isRootless { $0.process.user = .init(uid: 7, gid: 0) }
            }
            #expect(exit == .code(0) && output == "1:5\n3\n", "\(output)")
            device.minor = 11
            let other = try fixture.revision("true") { $0.linux?.devices = [device] }
            await #expect {
                try await fixture.runtime.prepare(other)
            } throws: {
                path(of: $0) == "linux.devices[0]"
            }
        }
    }
}
