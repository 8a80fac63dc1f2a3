import Core
import OCI
import Sandbox
import Testing

/// What a function tries, and every defence that stops it. Each is shown to be enough by itself, and all together to be
/// what stops it: without them it succeeds.
struct Attempt: Sendable, CustomTestStringConvertible {
    let name: String
    let defences: Set<Defence>
    /// What the kernel says where nothing of ours stops it: done, or looked at and found wanting.
    var reaches: Set<String> = ["ok"]

    init(_ name: String, _ defences: Set<Defence>, reaches: Set<String> = ["ok"]) {
        (self.name, self.defences, self.reaches) = (name, defences, reaches)
    }

    var testDescription: String { name }

    static let all = [
        Attempt("mount=tmpfs", [.seccomp, .capabilities]),
        Attempt("unshare", [.seccomp]),
        Attempt("clone3", [.seccomp]),
        Attempt("setns", [.seccomp, .capabilities]),
        Attempt("sethostname", [.seccomp, .capabilities]),
        Attempt("keyctl", [.seccomp]),
        Attempt("add-key", [.seccomp]),
        Attempt("bpf", [.seccomp], reaches: ["EBADF"]),
        Attempt("perf", [.seccomp], reaches: ["EFAULT", "EACCES"]),
        Attempt("userfaultfd", [.seccomp]),
        Attempt("io-uring", [.seccomp], reaches: ["EFAULT"]),
        Attempt("vsock", [.seccomp], reaches: ["ok", "EAFNOSUPPORT"]),
        Attempt("personality", [.seccomp]),
        Attempt("own-raw-socket", [.seccomp]),
        Attempt("attach=1", [.capabilities]),
        Attempt("create=/new", [.readonlyRoot]),
        Attempt("create=/dev/new", [.readonlyDevices]),
        Attempt("read=/proc/interrupts", [.maskedPaths]),
        Attempt("rewrite=/proc/sys/user/max_net_namespaces", [.readonlyPaths, .capabilities]),
        Attempt("descriptors=300", [.openFiles]),
        Attempt("fill=/tmp:257", [.sizes]),
        Attempt("fill=/run:257", [.sizes]),
        Attempt("fill=/dev/shm:65", [.sizes]),
    ]

    /// Those that root of the host could make.
    static let ofRoot = [
        Attempt("open=/proc/sys/kernel/core_pattern", [.readonlyPaths, .ids]),
        Attempt("remount=/sys:/sys/kernel/rcu_expedited", [.seccomp, .capabilities, .ids]),
        Attempt("remount=/sys/fs/cgroup:/sys/fs/cgroup/cgroup.freeze", [.seccomp, .capabilities, .ids]),
    ]

    static var possible: [Attempt] { SandboxFixture.isRootless ? all : all + ofRoot }
}

@Suite(.serialized, .enabled(if: SandboxFixture.isPossible, SandboxFixture.needs))
struct HostileCallTests {
    private func result(of attempt: Attempt, without gone: Set<Defence>) async throws -> String? {
        var result: String?
        try await SandboxFixture.with(uidBase: gone.contains(.ids) ? 0 : 200_000) { fixture in
            try Probe.install(in: fixture)
            result = try await Probe.inside(fixture, [attempt.name]) { Defence.takeAway(gone, from: &$0) }[
                attempt.name]
        }
        return result
    }

    @Test(arguments: Attempt.possible)
    func `Each defence stops it by itself, and nothing else does`(attempt: Attempt) async throws {
        let unhindered = try await result(of: attempt, without: attempt.defences)
        #expect(
            unhindered.map(attempt.reaches.contains) == true,
            "without \(attempt.defences): \(unhindered ?? "")")
        for defence in attempt.defences {
            let stopped = try await result(of: attempt, without: attempt.defences.subtracting([defence]))
            #expect(
                stopped.map { !attempt.reaches.contains($0) && $0 != "unknown" } == true,
                "with \(defence) alone: \(stopped ?? "")")
        }
        let usual = try await result(of: attempt, without: [])
        #expect(usual.map { !attempt.reaches.contains($0) } == true, "as functions are: \(usual ?? "")")
    }
}
