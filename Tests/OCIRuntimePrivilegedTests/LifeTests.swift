import Glibc
import LinuxSystem
import OCI
import Testing

/// The life of a container as the command line has it (runtime.md).
@Suite(.serialized, .enabled(if: RuntimeFixture.isPossible, RuntimeFixture.needs))
struct ContainerLifeTests {
    @Test func theStatusOfRunIsTheProgramsOwn() throws {
        try RuntimeFixture.with { fixture in
            try fixture.configure("echo out; echo err >&2; exit 7")
            let result = try fixture.runContainer()
            #expect(result.status == 7)
            #expect(result.output == "out\n")
            #expect(result.errors == "err\n")
            #expect(try fixture.isEmpty)
            try fixture.configure("kill -9 $$; sleep 5") {
                $0.linux?.namespaces?.removeAll { $0.type == .pid }
            }
            #expect(try fixture.runContainer().status == 128 + 9)
        }
    }

    @Test func theProgramIsPID1AndNothingElseIsThere() throws {
        try RuntimeFixture.with { fixture in
            try fixture.configure(command: [
                "/bin/sh", "-c", "echo $$; ls /proc | grep -c '^[0-9]'; ls /proc/1/fd | wc -l",
            ])
            let lines = try fixture.runContainer().output.split(separator: "\n")
            // The shell, ls and grep; descriptors 0 to 2 and the one that ls reads the directory by.
            #expect(lines.first == "1")
            #expect(lines.dropFirst().first == "3")
            #expect(lines.last.flatMap { Int($0.filter(\.isNumber)) } == 3)
        }
    }

    @Test func createdThenStartedThenStopped() throws {
        try RuntimeFixture.with { fixture in
            try fixture.configure("touch /tmp/ran; exec sleep 100")
            let file = fixture.directory + "/pid"
            let id = try fixture.created(["--pid-file", file])
            let (status, pid) = try fixture.state(id)
            #expect(status == "created")
            #expect(try File.text(file) == "\(pid)")
            #expect(try File.text("/proc/\(pid)/comm") == "torpor-stage\n")
            #expect(try fixture.run(["start", id]).status == 0)
            #expect(try fixture.state(id).status == "running")
            #expect(try File.text("/proc/\(pid)/comm") == "sleep\n")
            let again = try fixture.run(["start", id])
            #expect(again.status == 1 && again.errors.contains("it is running"))
            let early = try fixture.run(["delete", id])
            #expect(early.status == 1 && early.errors.contains("it is running"))
            #expect(try fixture.run(["kill", id, "KILL"]).status == 0)
            try fixture.waits(for: "stopped", of: id)
            let late = try fixture.run(["kill", id])
            #expect(late.status == 1 && late.errors.contains("not running"))
            #expect(try fixture.run(["delete", id]).status == 0)
            #expect(try fixture.run(["state", id]).errors.contains("does not exist"))
            #expect(try fixture.run(["delete", "--force", id]).status == 0)
            #expect(try fixture.run(["delete", id]).status == 1)
        }
    }

    @Test func anIDIsTakenOnce() throws {
        try RuntimeFixture.with { fixture in
            try fixture.configure("sleep 100")
            let id = try fixture.created()
            let second = try fixture.run(["create", "--bundle", fixture.bundle, id])
            #expect(second.status == 1 && second.errors.contains("exists already"))
            #expect(try fixture.state(id).status == "created")
            for bad in ["..", "a/b", ""] {
                #expect(
                    try fixture.run(["create", "--bundle", fixture.bundle, bad]).errors.contains(
                        "container id"))
            }
        }
    }

    @Test func listShowsAll() throws {
        try RuntimeFixture.with { fixture in
            try fixture.configure("sleep 100")
            let ids = [try fixture.created(), try fixture.created()]
            #expect(try fixture.run(["start", ids[1]]).status == 0)
            #expect(try fixture.run(["list", "-q"]).output == ids.map { $0 + "\n" }.joined())
            let table = try fixture.run(["list"]).output.split(separator: "\n")
            #expect(table.count == 3)
            #expect(
                table[0].hasPrefix("ID ") && table[1].contains(" created ") && table[2].contains(" running "))
            let json = try fixture.run(["list", "--format", "json"]).output
            #expect(json.hasPrefix("[{") && json.contains("\"status\":\"created\""))
        }
    }

    @Test func deleteForceEndsWhatRuns() throws {
        try RuntimeFixture.with { fixture in
            try fixture.configure("sleep 100 & exec sleep 100")
            let id = fixture.newID()
            #expect(try fixture.run(["run", "--detach", "--bundle", fixture.bundle, id]).status == 0)
            let pid = try fixture.state(id).pid
            #expect(try fixture.run(["delete", "--force", id]).status == 0)
            #expect(try fixture.isEmpty)
            // Nobody here reaps it, but it runs no more.
            let stat = (try? File.text("/proc/\(pid)/stat")) ?? ") Z"
            #expect(stat.contains(") Z"))
        }
    }
}
