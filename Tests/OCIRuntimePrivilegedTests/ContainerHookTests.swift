import Glibc
import LinuxSystem
import OCI
import Testing

/// The hooks of a container, at their times and places (config.md, "POSIX-platform Hooks").
@Suite(.serialized, .enabled(if: RuntimeFixture.isPossible, RuntimeFixture.needs))
struct ContainerHookTests {
    private func shell(_ script: String, timeout: Int? = nil) -> OCIConfig.Hook {
        .init(path: "/bin/sh", args: ["sh", "-c", script], env: ["PATH=/usr/bin:/bin"], timeout: timeout)
    }

    /// Every hook adds a line to a file: which it is, its uts namespace, the state that it was given.
    private func recorded(_ fixture: RuntimeFixture) throws -> OCIConfig.Hooks {
        let file = fixture.directory + "/hooks"
        let inside = fixture.bundle + "/rootfs/out/hooks"
        try FileTree.makeDirectory(fixture.bundle + "/rootfs/out", mode: 0o777)
        for path in [file, inside] { try FileTree.makeFile(path, content: [], mode: 0o666) }
        func hook(_ name: String, _ path: String) -> OCIConfig.Hook {
            shell("echo \(name) $(readlink /proc/self/ns/uts) $(cat) >> \(path)")
        }
        var hooks = OCIConfig.Hooks()
        hooks.prestart = [hook("prestart", file)]
        hooks.createRuntime = [hook("createRuntime", file)]
        hooks.createContainer = [hook("createContainer", file)]
        hooks.startContainer = [hook("startContainer", "/out/hooks")]
        hooks.poststart = [hook("poststart", file)]
        hooks.poststop = [hook("poststop", file)]
        return hooks
    }

    private func lines(_ path: String) throws -> [[String]] {
        try File.text(path).split(separator: "\n").map { line in
            line.split(separator: " ", maxSplits: 2).map(String.init)
        }
    }

    @Test func eachRunsAtItsTimeAndPlace() throws {
        try RuntimeFixture.with { fixture in
            let hooks = try recorded(fixture)
            try fixture.configure(command: ["/bin/sleep", "1000"]) {
                $0.hooks = hooks
                $0.root.readonly = false
                $0.annotations = ["some.thing": "else"]
            }
            let id = try fixture.created()
            let (_, pid) = try fixture.state(id)
            let namespace = try FileTree.linkContent("/proc/\(pid)/ns/uts")
            let own = try FileTree.linkContent("/proc/self/ns/uts")
            let file = fixture.directory + "/hooks"
            let before = try lines(file)
            #expect(before.map { $0[0] } == ["prestart", "createRuntime", "createContainer"])
            #expect(before.map { $0[1] } == [own, own, namespace])
            try #require(try fixture.run(["start", id]).status == 0)
            let started = try lines(fixture.bundle + "/rootfs/out/hooks")
            #expect(started.map { $0[0] } == ["startContainer"] && started.first?[1] == namespace)
            _ = try fixture.run(["kill", id, "KILL"])
            try fixture.waits(for: "stopped", of: id)
            try #require(try fixture.run(["delete", id]).status == 0)
            let after = try lines(file).dropFirst(3)
            #expect(after.map { $0[0] } == ["poststart", "poststop"] && after.allSatisfy { $0[1] == own })
            let states = (before + started + after).map { $0[2] }
            let expected = ["creating", "creating", "creating", "created", "running", "stopped"]
            for (state, status) in zip(states, expected) {
                #expect(state.contains(#""status":"\#(status)""#) && state.contains(#""id":"\#(id)""#))
                #expect(state.contains(#""bundle":"\#(fixture.bundle)""#))
                #expect(state.contains(#""some.thing":"else""#))
            }
            // In the container it is the first process.
            let numbers = [pid, pid, 1, 1, pid, 0]
            for (state, number) in zip(states, numbers) { #expect(state.contains(#""pid":\#(number),"#)) }
        }
    }

    @Test(arguments: ["prestart", "createRuntime", "createContainer"])
    func aFailureBeforeTheCreationIsItsEnd(kind: String) throws {
        try RuntimeFixture.with { fixture in
            var hooks = try recorded(fixture)
            let failing = [shell("echo the reason >&2; exit 3")]
            switch kind {
            case "prestart": hooks.prestart = failing
            case "createRuntime": hooks.createRuntime = failing
            default: hooks.createContainer = failing
            }
            try fixture.configure(command: ["/bin/sleep", "1000"]) { $0.hooks = hooks }
            let result = try fixture.run(["create", "--bundle", fixture.bundle, fixture.newID()])
            #expect(result.status == 1)
            #expect(result.errors.contains("hooks.\(kind)[0] (/bin/sh): ended with status 3: the reason"))
            #expect(try fixture.isEmpty)
            #expect(try lines(fixture.directory + "/hooks").last?.first == "poststop")
        }
    }

    @Test func aFailureInsideStopsTheContainer() throws {
        try RuntimeFixture.with { fixture in
            try fixture.configure("echo never") {
                var hooks = OCIConfig.Hooks()
                hooks.startContainer = [shell("echo the reason; exit 3")]
                $0.hooks = hooks
            }
            let id = try fixture.created()
            let result = try fixture.run(["start", id])
            #expect(result.status == 1 && result.errors.contains("hooks.startContainer[0]"))
            #expect(result.errors.contains("the reason"))
            try fixture.waits(for: "stopped", of: id)
        }
    }

    /// What lies in an image is trusted no more as a hook than as the container's program.
    @Test func aProgramOfTheContainersHasNoMorePrivileges() throws {
        try RuntimeFixture.with { fixture in
            try FileTree.makeDirectory(fixture.bundle + "/rootfs/out", mode: 0o777)
            let report = "grep -E 'Cap|NoNewPrivs|Seccomp:' /proc/self/status"
            try fixture.configure("exec \(report)") {
                var hooks = OCIConfig.Hooks()
                hooks.startContainer = [shell("\(report) > /out/hook")]
                $0.hooks = hooks
                $0.root.readonly = false
                $0.process.noNewPrivileges = true
            }
            let result = try fixture.runContainer()
            #expect(try result.status == 0 && result.output == File.text(fixture.bundle + "/rootfs/out/hook"))
        }
    }

    @Test func oneInsideThatRunsTooLongIsKilled() throws {
        try RuntimeFixture.with { fixture in
            try fixture.configure("echo never") {
                var hooks = OCIConfig.Hooks()
                hooks.createContainer = [shell("sleep 100 & sleep 100", timeout: 1)]
                $0.hooks = hooks
            }
            let result = try fixture.runContainer()
            #expect(result.status == 1 && result.output.isEmpty)
            #expect(result.errors.contains("was killed, since it ran longer than 1 s"))
        }
    }

    @Test func afterTheStartAFailureIsAWarning() throws {
        try RuntimeFixture.with { fixture in
            try fixture.configure("echo out") {
                var hooks = OCIConfig.Hooks()
                hooks.poststart = [shell("exit 3")]
                hooks.poststop = [shell("exit 4")]
                $0.hooks = hooks
            }
            let result = try fixture.runContainer()
            #expect(result.status == 0 && result.output == "out\n")
            #expect(result.errors.contains("warning: hooks.poststart[0] (/bin/sh): ended with status 3"))
            #expect(result.errors.contains("warning: hooks.poststop[0] (/bin/sh): ended with status 4"))
        }
    }

    @Test func whatCannotWorkIsRefusedBeforeAnythingIsMade() throws {
        try RuntimeFixture.with { fixture in
            try fixture.configure("echo never") {
                var hooks = OCIConfig.Hooks()
                hooks.poststop = [.init(path: "relative")]
                $0.hooks = hooks
            }
            let result = try fixture.runContainer()
            #expect(result.status == 1 && result.errors.contains("hooks.poststop[0].path"))
        }
    }
}
