import Core
import Glibc
import LinuxSystem
import OCI
import Sandbox
import Testing

/// Every function has ids of its own on the host.
@Suite(.serialized, .enabled(if: SandboxFixture.isPossible, SandboxFixture.needs))
struct UserIDTests {
    private static let areOwn = !SandboxFixture.ids.areShared
    private static let needsRanges: Comment = "needs several ranges of ids"

    /// A function that waits, and its main process on the host.
    private func starting(
        _ fixture: SandboxFixture, range: Int, edit: (inout OCIConfig) -> Void = { _ in }
    ) async throws -> (id: InstanceID, instance: any SandboxedInstance, main: Int) {
        let revision = try fixture.revision("ls -ln /bin/plain /etc/hostname; echo up; sleep 60", edit: edit)
        let (id, instance) = try await fixture.start(revision, idRange: range)
        while !fixture.logs.soFar(of: id).contains("up") { try await Task.sleep(for: .milliseconds(2)) }
        let first = try #require(instance.processID)
        let children = try File.text("/proc/\(first)/task/\(first)/children").split(separator: " ")
        return (id, instance, try #require(children.first.flatMap { Int($0) }))
    }

    private func ids(of process: Int, _ kind: String) throws -> [UInt32] {
        let lines = try File.text("/proc/\(process)/status").split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix(kind) })
        return line.dropFirst(kind.count).split(whereSeparator: \.isWhitespace).compactMap { UInt32($0) }
    }

    private func end(_ instances: any SandboxedInstance...) async {
        for instance in instances { instance.kill() }
        for instance in instances { _ = await instance.ended() }
    }

    @Test(.enabled(if: areOwn, needsRanges))
    func `Two functions have no id in common, and both see the same files as root's`() async throws {
        try await SandboxFixture.with { fixture in
            let one = try await starting(fixture, range: 3)
            let two = try await starting(fixture, range: 4)
            for (each, range) in [(one, UInt32(3)), (two, 4)] {
                let first = 200_000 + range * 65_536
                for process in [each.main, try #require(each.instance.processID)] {
                    #expect(try ids(of: process, "Uid:") == Array(repeating: first, count: 4))
                    #expect(try ids(of: process, "Gid:") == Array(repeating: first, count: 4))
                }
                let lines = fixture.logs.soFar(of: each.id).split(separator: "\n").dropLast()
                #expect(lines.count == 2)
                for line in lines {
                    #expect(line.split(separator: " ").dropFirst(2).prefix(2) == ["0", "0"])
                }
                // As the host sees the same file through the function's root.
                let file = try FileStatus.of(
                    FileName("/proc/\(each.main)/root/bin/plain"), at: File.currentDirectory)
                #expect(file.user == first && file.group == first)
            }
            #expect(await fixture.runtime.idRangesInUse().isSuperset(of: [3, 4]))
            await end(one.instance, two.instance)
            #expect(await fixture.runtime.idRangesInUse().isDisjoint(with: [3, 4]))
        }
    }

    /// As the root of a function that got out of its file system and its processes, with all that its user namespace gives.
    private func outbreak(of escaped: Int, _ command: String) -> Bool {
        Shell.run(
            "cd / && exec nsenter --user --target \(escaped) /bin/sh -c '\(command)' >/dev/null 2>&1") == 0
    }

    /// What the same user may do to a process anywhere, and another may not.
    private static let ofTheSameUser = [
        "kill -0 PID", "renice -n 1 -p PID", "prlimit --pid PID --core=0:0",
        "echo 500 > /proc/PID/oom_score_adj", "ls /proc/PID/fd/",
    ]
    /// What takes power over its user namespace.
    private static let ofTheNamespace = [
        "cat /proc/PID/environ", "ls /proc/PID/root/", "readlink /proc/PID/exe",
        "nsenter --target PID --ipc true",
    ]

    @Test(.enabled(if: areOwn, needsRanges))
    func `Root of one function has no power over another's processes, even where it sees them`() async throws
    {
        try await SandboxFixture.with { fixture in
            let one = try await starting(fixture, range: 3)
            let same = try await starting(fixture, range: 3)
            let other = try await starting(fixture, range: 4)
            for probe in Self.ofTheSameUser {
                let against = { (target: Int) in
                    outbreak(of: one.main, probe.replacingText("PID", with: "\(target)"))
                }
                #expect(against(same.main), "the probe works where ids are shared: \(probe)")
                #expect(!against(other.main), "\(probe)")
            }
            for probe in Self.ofTheNamespace {
                let against = { (target: Int) in
                    outbreak(of: one.main, probe.replacingText("PID", with: "\(target)"))
                }
                #expect(against(one.main), "the probe works on its own: \(probe)")
                #expect(!against(same.main) && !against(other.main), "\(probe)")
            }
            await end(one.instance, same.instance, other.instance)
        }
    }

    @Test(.enabled(if: areOwn, needsRanges))
    func `A function without a range is not started, and told why`() async throws {
        try await SandboxFixture.with { fixture in
            for range in [nil, SandboxFixture.ids.ranges, -1] {
                await #expect {
                    try await fixture.start(try fixture.revision("true"), idRange: range)
                } throws: {
                    ($0 as? InstanceFailure)?.cause == "NoUserIDs"
                }
            }
        }
    }

    @Test(.enabled(if: areOwn, needsRanges))
    func `A bundle says how many ids there are inside`() async throws {
        try await SandboxFixture.with { fixture in
            let edit = { (config: inout OCIConfig) in
                config.linux?.uidMappings = [.init(containerID: 0, hostID: 0, size: 1001)]
                config.linux?.gidMappings = [.init(containerID: 0, hostID: 7, size: 3)]
                config.process.user = .init(uid: 1000, gid: 2)
            }
            let (output, exit) = try await fixture.run(
                "cat /proc/self/uid_map /proc/self/gid_map; id -u; id -g; ls -ln /bin/plain", edit: edit)
            #expect(exit == .code(0))
            let words = output.split(whereSeparator: \.isWhitespace)
            #expect(words.prefix(8) == ["0", "200000", "1001", "0", "200000", "3", "1000", "2"])
            #expect(words.dropFirst(10).prefix(2) == ["0", "0"])
            for user in [OCIConfig.User(uid: 1001, gid: 2), OCIConfig.User(uid: 0, gid: 3)] {
                let revision = try fixture.revision("true") {
                    edit(&$0)
                    $0.process.user = user
                }
                await #expect(throws: InvalidInput.self) { try await fixture.runtime.prepare(revision) }
            }
        }
    }

    /// Where it has an effect, it makes its caller the root of the function, who is nobody on the host.
    @Test(.enabled(if: areOwn, needsRanges))
    func `A set-uid program gives no more than the function's own root`() async throws {
        try await SandboxFixture.with { fixture in
            let program = fixture.directory + "/images/busybox/bin/whose"
            let source = #"""
                #include <stdio.h>
                #include <unistd.h>
                int main(void) {
                    printf("%d %d\n", getuid(), geteuid());
                    fflush(stdout);
                    return sleep(60);
                }
                """#
            try FileTree.makeFile(fixture.directory + "/whose.c", content: Array(source.utf8), mode: 0o600)
            let built = Shell.run(
                "cc -static -o '\(program)' '\(fixture.directory)/whose.c' && chmod 4755 '\(program)'")
            try #require(built == 0)
            for (isAllowed, expected) in [(false, "1000 1000"), (true, "1000 0")] {
                let revision = try fixture.revision(command: ["/bin/whose"]) {
                    $0.process.user = .init(uid: 1000, gid: 1000)
                    $0.process.noNewPrivileges = !isAllowed
                }
                let (id, instance) = try await fixture.start(revision, idRange: 5)
                while !fixture.logs.soFar(of: id).contains("\n") {
                    try await Task.sleep(for: .milliseconds(2))
                }
                #expect(fixture.logs.soFar(of: id) == expected + "\n")
                let first = try #require(instance.processID)
                let main = try File.text("/proc/\(first)/task/\(first)/children").split(separator: " ")
                let range = UInt32(200_000 + 5 * 65_536)..<UInt32(200_000 + 6 * 65_536)
                #expect(try ids(of: try #require(Int(main[0])), "Uid:").allSatisfy(range.contains))
                await end(instance)
            }
        }
    }
}

extension String {
    fileprivate func replacingText(_ part: String, with other: String) -> String {
        split(separator: part, omittingEmptySubsequences: false).joined(separator: other)
    }
}
