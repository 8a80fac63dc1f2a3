import Core
import Glibc
import LinuxSystem
import OCI
import Sandbox
import Testing

/// A function to which its bundle grants all that a bundle can: every capability, every system call, nothing hidden and
/// nothing read-only. What then remains is that its user, its processes and its root are not the host's.
@Suite(.serialized, .enabled(if: SandboxFixture.isPossible, SandboxFixture.needs))
struct EveryCapabilityTests {
    private static let isRoot = !SandboxFixture.isRootless
    private static let needsRoot: Comment = "needs root of the host, to show what it may"

    private static func granted(_ config: inout OCIConfig) {
        Defence.takeAway(Set(Defence.allCases), from: &config)
        config.process.noNewPrivileges = false
    }

    /// Each with what the host's root gets for it.
    private static let attempts: [(inside: String, outside: String, reaches: String)] = [
        ("mknod=/tmp/node", "mknod=/mnt/node", "ok"),
        ("open=/proc/sys/kernel/core_pattern", "open=/proc/sys/kernel/core_pattern", "ok"),
        ("remount=/sys:/sys/kernel/rcu_expedited", "open=/sys/kernel/rcu_expedited", "ok"),
        ("bpf-map", "bpf-map", "ok"),
        ("perf-all", "perf-all", "ok"),
        ("nice", "nice", "ok"),
        ("swap", "swap", "ENOENT"),
        ("disk", "disk", "ENOENT"),
        ("mount=devtmpfs", "mount=devtmpfs", "ok"),
        ("raw-socket", "raw-socket", "ok"),
        ("packet-socket", "packet-socket", "ok"),
        ("module", "module", "EBADF"),
        ("unload", "unload", "ENOENT"),
    ]

    @Test(.enabled(if: isRoot, needsRoot))
    func `It is still nobody on the host`() async throws {
        try await SandboxFixture.with { fixture in
            let program = try Probe.install(in: fixture)
            let host = "signal=\(getpid())"
            let inside = try await Probe.inside(
                fixture, Self.attempts.map(\.inside) + [host], edit: Self.granted)
            let outside = Probe.outside(program, Self.attempts.map(\.outside) + [host])
            #expect(inside[host] == "ESRCH" && outside[host] == "ok")
            for attempt in Self.attempts {
                // A kernel without modules has no way in there, for anybody.
                if outside[attempt.outside] == "ENOSYS" { continue }
                #expect(outside[attempt.outside] == attempt.reaches, "\(attempt.outside) of the host's root")
                let result = inside[attempt.inside]
                #expect(result == "EPERM" || result == "EACCES", "\(attempt.inside): \(result ?? "nothing")")
            }
        }
    }

    /// The old root is not above the new one (pivot_root(2)), as it is where chroot(2) is all there is.
    @Test(.enabled(if: isRoot, needsRoot))
    func `No chroot leads out of its root`() async throws {
        try await SandboxFixture.with { fixture in
            try Probe.install(in: fixture)
            try FileTree.makeDirectory(fixture.image + "/tmp")
            let attempt = "chroot=\(fixture.directory)/images"
            let inside = try await Probe.inside(fixture, [attempt], edit: Self.granted)
            #expect(inside[attempt] == "ENOENT")
            let jailed = Shell.output("unshare --mount chroot '\(fixture.image)' /bin/probe '\(attempt)'")
            #expect(Probe.results(jailed)[attempt] == "ok", "in a chroot it does")
        }
    }

    /// A node that the image brings along opens nothing, since its root has nodev.
    @Test(.enabled(if: isRoot, needsRoot))
    func `A device node of the image does not open`() async throws {
        try await SandboxFixture.with { fixture in
            let program = try Probe.install(in: fixture)
            let node = fixture.image + "/bin/node"
            try #require(mknod(node, S_IFCHR | 0o666, 1 << 8 | 3) == 0)
            let inside = try await Probe.inside(fixture, ["open=/bin/node"], edit: Self.granted)
            #expect(inside["open=/bin/node"] == "EACCES")
            #expect(Probe.outside(program, ["open=\(node)"])["open=\(node)"] == "ok")
        }
    }
}
