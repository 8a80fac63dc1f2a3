import Glibc
import LinuxSystem
import OCI
import Testing

/// What goes wrong is told, and leaves nothing behind.
@Suite(.serialized, .enabled(if: RuntimeFixture.isPossible, RuntimeFixture.needs))
struct RuntimeFaultTests {
    /// Whose command line fails.
    private func expect(
        _ message: String, _ fixture: RuntimeFixture, _ arguments: [String] = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let result = try fixture.run(["create", "--bundle", fixture.bundle] + arguments + [fixture.newID()])
        #expect(result.status == 1, sourceLocation: sourceLocation)
        #expect(result.errors.contains(message), "\(result.errors)", sourceLocation: sourceLocation)
        #expect(try fixture.isEmpty, sourceLocation: sourceLocation)
    }

    @Test func whatIsWrongInABundleIsNamed() throws {
        try RuntimeFixture.with { fixture in
            try expect("config.json: No such file", fixture)
            try fixture.write(Array("{".utf8))
            try expect("config.json: is no JSON", fixture)
            try fixture.configure("") { $0.root.path = "none" }
            try expect("root.path: cannot be used", fixture)
            try fixture.configure("") { $0.process.cwd = "/bin/busybox" }
            try expect("make the directory /bin/busybox: Not a directory", fixture)
            try fixture.configure("") { $0.process.terminal = true }
            try expect("process.terminal: needs", fixture)
            try fixture.configure("") {
                $0.mounts?.append(.init(destination: "/x", type: "bind", source: "/none", options: ["bind"]))
            }
            try expect("].source: '/none': No such file or directory", fixture)
            try fixture.configure("") {
                $0.mounts?.append(.init(destination: "/x", type: "nosuchfs", source: "x", options: nil))
            }
            try expect("mount nosuchfs on /x", fixture)
            try fixture.configure("") { $0.linux?.namespaces?[0].path = "/none" }
            try expect("linux.namespaces[0].path: cannot be joined", fixture)
            try fixture.configure("") { $0.linux?.namespaces?[0].path = "/proc/self/ns/uts" }
            try fixture.configure("") { $0.linux?.uidMappings = [.init(containerID: 0, hostID: 0, size: 1)] }
            try expect("linux.uidMappings: needs a user namespace", fixture)
            let result = try fixture.run(["create", "--bundle", "/none", fixture.newID()])
            #expect(result.errors.contains("the bundle '/none' cannot be used"))
        }
    }

    @Test func aProgramThatIsNotThereFailsTheStart() throws {
        try RuntimeFixture.with { fixture in
            try fixture.configure(command: ["/bin/nothing"])
            let id = try fixture.created()
            let result = try fixture.run(["start", id])
            #expect(result.status == 1)
            #expect(
                result.errors.contains("'/bin/nothing' cannot be executed: No such file or directory"),
                "\(result.errors)")
            try fixture.waits(for: "stopped", of: id)
            let ran = try fixture.runContainer()
            #expect(ran.status == 1 && ran.errors.contains("process.args[0]"))
            #expect(try fixture.run(["delete", id]).status == 0)
            #expect(try fixture.isEmpty)
        }
    }

    @Test func aContainerKilledBeforeItsStartIsStopped() throws {
        try RuntimeFixture.with { fixture in
            try fixture.configure("sleep 100")
            let id = try fixture.created()
            #expect(try fixture.run(["kill", id, "9"]).status == 0)
            try fixture.waits(for: "stopped", of: id)
            let result = try fixture.run(["start", id])
            #expect(result.status == 1 && result.errors.contains("it is stopped"))
            #expect(try fixture.run(["delete", id]).status == 0)
        }
    }

    /// A number that another process has by now gets no signal.
    @Test func aReusedNumberIsNobodysContainer() throws {
        try RuntimeFixture.with { fixture in
            try fixture.configure("sleep 100")
            let id = try fixture.created()
            #expect(try fixture.run(["kill", id, "9"]).status == 0)
            try fixture.waits(for: "stopped", of: id)
            let other = try SpawnedTool(["sleep", "100"], input: nil, output: nil, errors: 2)
            let path = "\(fixture.root)/\(id)/state.json"
            let text = try File.text(path)
            let halves = text.split(separator: "\"pid\":", maxSplits: 1)
            try #require(halves.count == 2)
            let rest = halves[1].drop { $0.isNumber }
            try FileTree.remove(path)
            try FileTree.makeFile(
                path, content: Array((halves[0] + "\"pid\":\(other.processID)" + rest).utf8))
            #expect(try fixture.state(id).status == "stopped")
            #expect(try fixture.run(["kill", id, "9"]).status == 1)
            #expect(try fixture.run(["delete", "--force", id]).status == 0)
            #expect(access("/proc/\(other.processID)/exe", F_OK) == 0)
            kill(other.processID, SIGKILL)
            #expect(other.wait() == 128 + 9)
        }
    }

    @Test func misuseIsToldAndLogged() throws {
        try RuntimeFixture.with { fixture in
            let log = fixture.directory + "/log.json"
            for arguments in [
                ["--nonsense", "list"], ["create", "--nonsense", "x"], ["fly"], ["list", "--format", "x"],
            ] {
                let result = try fixture.run(arguments)
                #expect(result.status == 1 && !result.errors.isEmpty, "\(arguments)")
            }
            let result = try fixture.run(["state", "none"], options: ["--log", log, "--log-format", "json"])
            #expect(result.errors == "torpor-oci: container none does not exist\n")
            let line = try File.text(log)
            #expect(
                line.hasPrefix("{\"level\":\"error\",\"msg\":\"container none does not exist\",\"time\":\"20")
            )
            #expect(line.hasSuffix("Z\"}\n"))
            #expect(try fixture.run(["--version"]).output.contains("\nspec: 1.2.0\n"))
        }
    }
}
