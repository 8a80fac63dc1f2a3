import Core
import Glibc
import LinuxSystem
import OCI
import Sandbox
import Testing

/// Images whose directories lead to the host's.
@Suite(.serialized, .enabled(if: SandboxFixture.isPossible, SandboxFixture.needs))
struct HostileImageTests {
    private static let directories = ["etc", "dev", "proc", "sys", "tmp", "run"]

    @Test(arguments: directories)
    func `A directory that is a link to the host's changes nothing there`(name: String) async throws {
        for climbs in [false, true] {
            try await SandboxFixture.with { fixture in
                let victim = fixture.directory + "/victim"
                let link = (climbs ? String(repeating: "../", count: 40) : "") + victim
                let made = Shell.run(
                    """
                    mkdir -m 777 '\(victim)' && echo host > '\(victim)/hostname' &&
                    mkdir '\(victim)/pts' '\(victim)/shm' && rm -rf '\(fixture.image)/\(name)' &&
                    ln -s '\(link)' '\(fixture.image)/\(name)'
                    """)
                try #require(made == 0)
                let state = {
                    Shell.output("cd '\(victim)' && find . -printf '%p %y %m %s %T@ %D\\n' | sort")
                }
                let before = state()
                // Refused, or made within.
                if let (_, instance) = try? await fixture.start(
                    try fixture.revision("echo x > /\(name)/made; echo x > /\(name)/hostname") {
                        $0.root.readonly = false
                    })
                {
                    _ = await instance.ended()
                }
                #expect(state() == before)
                // What a program does that looks paths up as they are.
                let naive = Shell.run("echo x > '\(fixture.image)/\(name)/made'")
                #expect(naive == 0 && state() != before, "the link leads to the host's")
            }
        }
    }

    /// What hides a path is the host's /dev/null, not what the container has in its place.
    @Test func `A /dev/null that is a link hides nothing else (CVE-2025-31133)`() async throws {
        let directory = "/tmp/torpor-mask-test-\(getpid())-\(UInt32.random(in: 0..<1_000_000))"
        try FileTree.makeDirectory(directory)
        defer { #expect(Shell.run("rm -rf '\(directory)'") == 0) }
        try FileTree.makeFile(directory + "/init", content: SandboxRuntime.initProgram, mode: 0o755)
        try FileTree.makeFile(directory + "/victim", content: Array("victim".utf8), mode: 0o666)
        let root = directory + "/root"
        let made = Shell.run(
            """
            mkdir -p '\(root)/dev' '\(root)/etc' && echo secret > '\(root)/etc/masked' &&
            ln -s '\(directory)/victim' '\(root)/dev/null'
            """)
        try #require(made == 0)
        let naive = Shell.output(
            """
            unshare --mount sh -c 'mount --bind "$0/dev/null" "$0/etc/masked" && cat "$0/etc/masked"' '\(root)'
            """)
        #expect(naive == "victim", "whoever looks it up inside shows the link's file")

        let plan = LaunchPlan(steps: [
            .root(.root, at: "/mnt"), .mask("/etc/masked"), .pivot,
            .stdio([.standardInput, .standardOutput, .standardError]),
            .arguments(["/bin/busybox", "cat", "/etc/masked"]),
            .environment([]), .workingDirectory("/"), .identity(user: 0, group: 0, groups: [], umask: 0o22),
            .keepGroups, .start,
        ])
        let fill = { (inside: String) in
            for name in ["/dev", "/etc", "/bin"] { try FileTree.makeDirectory(inside + name) }
            try FileTree.makeFile(inside + "/etc/masked", content: Array("secret".utf8), mode: 0o644)
            try FileTree.makeLink(to: "/etc/other", inside + "/dev/null")
            try FileTree.makeFile(inside + "/etc/other", content: Array("other".utf8), mode: 0o644)
            try FileTree.makeFile(
                inside + "/bin/busybox", content: try File.read(SandboxFixture.busybox, limit: 8 << 20),
                mode: 0o755)
        }
        let runner = PlanRunner(program: directory + "/init")
        #expect(try runner.run(plan, fill: fill) == "")
        let unmasked = LaunchPlan(steps: plan.steps.filter { $0 != .mask("/etc/masked") })
        #expect(try runner.run(unmasked, fill: fill) == "secret")
    }
}
