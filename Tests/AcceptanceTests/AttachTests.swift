import ControlAPI
import Core
import Foundation
import Glibc
import Testing

extension AcceptanceTests {
    /// `torpor exec`, with pipes and with a terminal.
    @Suite(.enabled(if: Shell.isThere, "needs busybox-static")) struct AttachTests {
        private func exec(_ torpor: Torpor, _ arguments: String..., input: String = "") throws
            -> CommandResult
        {
            try torpor.cli(["exec"] + arguments, input: input)
        }

        @Test func aCommandAndItsStreams() throws {
            try TorporFixture.with { torpor in
                try torpor.deployServer("hello", environment: ["GREETING": "hi"])
                let both = try exec(torpor, "hello", "--", "/bin/sh", "-c", "echo out; echo err >&2; exit 7")
                #expect(both.status == 7 && both.output == "out\n" && both.errors == "err\n", "\(both)")
                let fed = try exec(torpor, "-i", "hello", "--", "/bin/cat", input: "through and back")
                #expect(fed.status == 0 && fed.output == "through and back")
                #expect(try exec(torpor, "hello", "--", "/bin/cat", input: "unseen").output.isEmpty)
                let large = String(repeating: "0123456789abcdef", count: 40_000)
                #expect(try exec(torpor, "-i", "hello", "--", "/bin/cat", input: large).output == large)
                // The first reader of a pipe that is closed early is the process, not the user.
                #expect(try exec(torpor, "-i", "hello", "--", "/bin/true", input: large).status == 0)
                let variables = try exec(
                    torpor, "-e", "GREETING=hallo", "--env", "NEW=a b", "hello", "--", "/bin/env"
                ).output.split(separator: "\n")
                #expect(variables.contains("GREETING=hallo") && variables.contains("NEW=a b"))
                #expect(variables.filter { $0.hasPrefix("GREETING=") }.count == 1)
                #expect(variables.contains("TORPOR_INSTANCE=\(try torpor.instance(of: "hello").id)"))
                #expect(try exec(torpor, "-w", "/tmp", "hello", "--", "/bin/pwd").output == "/tmp\n")
                #expect(try exec(torpor, "hello", "--", "/bin/sh", "-c", "kill -TERM $$").status == 143)
                #expect(try torpor.instance(of: "hello").inFlight == 0)
            }
        }

        /// What the function has itself is not sent along, however much it is.
        @Test func muchOfEverything() throws {
            try TorporFixture.with { torpor in
                let filler = String(repeating: "f", count: 70_000)
                try torpor.deployServer("big", environment: ["HOME": "/root", "FILLER": filler])
                let script = "echo $HOME ${#FILLER}; env | grep -c ^HOME="
                let other = try exec(torpor, "-e", "HOME=/else", "big", "--", "/bin/sh", "-c", script)
                #expect(other.output == "/else 70000\n1\n", "\(other)")
                if Host.isRealRoot {
                    let user = try exec(torpor, "-u", "worker", "big", "--", "/bin/sh", "-c", script)
                    #expect(user.output == "/tmp 70000\n1\n", "\(user)")
                }
                // As JSON each of these is two bytes.
                let quotes = String(repeating: "\"", count: 55_000)
                let long = try exec(torpor, "big", "--", "/bin/sh", "-c", "echo ${#1}", "sh", quotes)
                #expect(long.output == "55000\n", "\(long.errors.prefix(500))")
            }
        }

        @Test func whoItRunsAs() throws {
            try TorporFixture.with { torpor in
                try torpor.deployServer("hello")
                #expect(try exec(torpor, "hello", "--", "/bin/id", "-u").output == "0\n")
                let unknown = try exec(torpor, "-u", "nobody-here", "hello", "--", "/bin/id")
                #expect(
                    unknown.status == 125 && unknown.errors.contains("no user 'nobody-here'"), "\(unknown)")
                guard Host.isRealRoot else { return }
                let named = try exec(
                    torpor, "-u", "worker", "hello", "--", "/bin/sh", "-c", "id -u; id -g; echo $HOME; id -G")
                #expect(named.output == "1000\n1001\n/tmp\n1001 1002\n", "\(named)")
                #expect(
                    try exec(torpor, "-u", "12:34", "hello", "--", "/bin/sh", "-c", "id -u; id -g").output
                        == "12\n34\n")
                // Its streams are its own, to be opened again by name.
                let opened = try exec(
                    torpor, "-u", "worker", "hello", "--", "/bin/sh", "-c", "echo again > /proc/self/fd/1")
                #expect(opened.output == "again\n", "\(opened)")
            }
        }

        @Test func whatCannotBeRun() throws {
            try TorporFixture.with { torpor in
                try torpor.deployServer("hello")
                let missing = try exec(torpor, "hello", "--", "/bin/nothing")
                #expect(missing.status == 127 && missing.errors.contains("'/bin/nothing'"), "\(missing)")
                #expect(try exec(torpor, "hello", "--", "/etc").status == 126)
                #expect(try exec(torpor, "-w", "/nowhere", "hello", "--", "/bin/true").status == 126)
                #expect(try exec(torpor, "hello").status == 2)
                let unknown = try exec(torpor, "helo", "--", "/bin/true")
                #expect(
                    unknown.status == 125 && unknown.errors.contains("did you mean 'hello'"), "\(unknown)")
                let nobody = try exec(torpor, "--instance", "0123456789ab", "hello", "--", "/bin/true")
                #expect(nobody.status == 125 && nobody.errors.contains("0123456789ab"))
                let own = try torpor.instance(of: "hello").id
                #expect(try exec(torpor, "--instance", "\(own)", "hello", "--", "/bin/true").status == 0)
                #expect(try exec(torpor, "-it", "hello", "--", "/bin/sh").status == 2, "no terminal")
                let long = String(repeating: "x", count: 70_000)
                let large = try exec(torpor, "hello", "--", "/bin/true", long)
                #expect(large.status == 125 && large.errors.contains("at most"), "\(large)")
            }
        }

        @Test func asleepAndWoken() throws {
            try TorporFixture.with { torpor in
                try torpor.deployServer("hello")
                try torpor.putToSleep("hello")
                try torpor.scale("hello", .auto)
                let refused = try exec(torpor, "--no-wake", "hello", "--", "/bin/true")
                #expect(refused.status == 125 && refused.errors.contains("--no-wake"), "\(refused)")
                #expect(try torpor.describe("hello").instances.isEmpty)
                #expect(try exec(torpor, "hello", "--", "/bin/true").status == 0)
                #expect(try torpor.describe("hello").instances.count == 1)
            }
        }

        @Test(.needsFreezer) func aSessionKeepsItAwake() throws {
            try TorporFixture.with { torpor in
                try torpor.deployShell("naps", "exec cat") {
                    $0.scale.freezeAfter = .after(.milliseconds(100))
                }
                try torpor.waitUntil("naps", is: .frozen)
                let result = try exec(torpor, "naps", "--", "/bin/sh", "-c", "sleep 1; echo awake")
                #expect(result.output == "awake\n")
                try torpor.waitUntil("naps", is: .frozen)
            }
        }

        // MARK: terminals

        private func terminal(_ torpor: Torpor, _ arguments: [String]) throws -> PseudoTerminal {
            try PseudoTerminal(
                rows: 33, columns: 77, Programs.commandLine,
                ["--socket", torpor.socket, "exec", "-it"] + arguments)
        }

        @Test func aRealTerminal() throws {
            try TorporFixture.with { torpor in
                try torpor.deployServer("hello")
                let terminal = try terminal(torpor, ["hello", "--", "/bin/sh"])
                try terminal.shows("# ")
                #expect(terminal.isRaw)
                terminal.type("tty; stty size\n")
                try terminal.shows("/dev/pts/")
                try terminal.shows("33 77")
                terminal.type("trap 'echo resized' WINCH; echo \"ready $((1+1))\"\n")
                try terminal.shows("ready 2")
                terminal.resize(rows: 50, columns: 132)
                // What was typed may come before the new size.
                terminal.type("until [ \"$(stty size)\" = '50 132' ]; do sleep 0.1; done; stty size\n")
                try terminal.shows("\n50 132")
                terminal.type("sleep 1000; echo \"status $?\"\n")
                try torpor.waitForProcess("sleep 1000", in: "hello", isThere: true)
                terminal.type("\u{3}")
                try torpor.waitForProcess("sleep 1000", in: "hello", isThere: false)
                terminal.type("echo \"$TERM\" >/dev/tty; exit 9\n")
                #expect(try terminal.child.wait() == 9)
                #expect(!terminal.isRaw, "the terminal is as it was")
                terminal.hangUp()
            }
        }

        @Test func aTerminalThatVanishes() throws {
            try TorporFixture.with { torpor in
                try torpor.deployServer("hello")
                // Somebody who ignores the hang-up, and his children, are gone after the grace.
                let script = "trap '' HUP; sleep 1000 & echo begun; sleep 1001"
                for how in ["kill", "close", "term"] {
                    let terminal = try terminal(torpor, ["hello", "--", "/bin/sh", "-c", script])
                    try terminal.shows("begun")
                    try torpor.waitForProcess("sleep 1001", in: "hello", isThere: true)
                    switch how {
                    case "kill": terminal.child.signal(SIGKILL)
                    case "term": terminal.child.signal(SIGTERM)
                    default: terminal.hangUp()
                    }
                    _ = try terminal.child.wait()
                    for command in ["sleep 1000", "sleep 1001"] {
                        try torpor.waitForProcess(command, in: "hello", isThere: false)
                    }
                    if how == "term" { #expect(!terminal.isRaw) }
                    terminal.hangUp()
                }
                #expect(try exec(torpor, "hello", "--", "/bin/true").status == 0)
            }
        }

        @Test func pipesThatVanish() throws {
            try TorporFixture.with { torpor in
                try torpor.deployServer("hello")
                let child = try torpor.startCLI(
                    ["exec", "hello", "--", "/bin/sh", "-c", "trap '' HUP; sleep 1000; :"],
                    output: Scratch.path("out"), errors: Scratch.path("err"))
                try torpor.waitForProcess("sleep 1000", in: "hello", isThere: true)
                child.signal(SIGKILL)
                _ = try child.wait()
                try torpor.waitForProcess("sleep 1000", in: "hello", isThere: false)
                let interrupted = try torpor.startCLI(
                    ["exec", "hello", "--", "/bin/sleep", "1000"], output: Scratch.path("out"),
                    errors: Scratch.path("err"))
                try torpor.waitForProcess("sleep 1000", in: "hello", isThere: true)
                interrupted.signal(SIGINT)
                #expect(try interrupted.wait() == 130, "the command's own end")
            }
        }

        // MARK: ends

        @Test func theInstanceGoes() throws {
            try TorporFixture.with { torpor in
                for way in ["scale", "redeploy", "remove"] {
                    try torpor.deployServer("hello", environment: ["WAY": "before \(way)"])
                    let errors = Scratch.path("err")
                    let child = try torpor.startCLI(
                        ["exec", "hello", "--", "/bin/sleep", "1000"], output: Scratch.path("out"),
                        errors: errors)
                    try torpor.waitForProcess("sleep 1000", in: "hello", isThere: true)
                    let reason: String
                    switch way {
                    case "scale":
                        try torpor.scale("hello", .count(0))
                        reason = "scaled the function down"
                    case "redeploy":
                        try torpor.deployServer("hello", environment: ["WAY": "after"])
                        reason = "newer revision took over"
                    default:
                        try torpor.remove("hello")
                        reason = "was removed"
                    }
                    #expect(try child.wait() == 125, "\(way)")
                    #expect(Host.text(errors).contains(reason), "\(way): \(Host.text(errors))")
                }
            }
        }

        @Test func theDaemonGoes() throws {
            try TorporFixture.with { torpor in
                for way in ["stop", "kill"] {
                    if !torpor.isRunning { try torpor.start() }
                    try torpor.deployServer("hello")
                    let errors = Scratch.path("err")
                    let child = try torpor.startCLI(
                        ["exec", "hello", "--", "/bin/sleep", "1000"], output: Scratch.path("out"),
                        errors: errors)
                    try torpor.waitForProcess("sleep 1000", in: "hello", isThere: true)
                    if way == "stop" { #expect(try torpor.stop() == 0) } else { try torpor.kill() }
                    #expect(try child.wait() == 125, "\(way)")
                    let told = way == "stop" ? "the daemon stops" : "the daemon has gone"
                    #expect(Host.text(errors).contains(told), "\(way): \(Host.text(errors))")
                }
                try torpor.start()
            }
        }
    }
}

extension Torpor {
    /// A function of busybox whose port accepts, and that does nothing else: mode `http`, so that it has a main process.
    func deployServer(_ name: String, environment: [String: String] = [:]) throws {
        let rootfs = try Shell.makeRootfs()
        defer { try? FileManager.default.removeItem(atPath: rootfs) }
        try FileManager.default.copyItem(atPath: Programs.behave.get(), toPath: "\(rootfs)/bin/behave")
        try "root:x:0:0:root:/root:/bin/sh\nworker:x:1000:1001::/tmp:/bin/sh\n".write(
            toFile: "\(rootfs)/etc/passwd", atomically: false, encoding: .utf8)
        try "root:x:0:\nworker:x:1001:\nextra:x:1002:worker\n".write(
            toFile: "\(rootfs)/etc/group", atomically: false, encoding: .utf8)
        try deploy(name, rootfs: rootfs, environment: environment)
    }

    /// Waits until a process with this command line runs in the one instance, or none does.
    func waitForProcess(_ command: String, in name: String, isThere: Bool) throws {
        let pid = try eventually("the one instance") { try instance(of: name).pid }
        let namespace = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/ns/pid")
        try becomesTrue("'\(command)' \(isThere ? "in" : "gone from") '\(name)'") {
            let found = Leftovers.processes().contains { process in
                guard process.state != "Z",
                    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process.pid)/ns/pid"))
                        == namespace
                else { return false }
                let words = Host.text("/proc/\(process.pid)/cmdline").split(separator: "\0")
                let line = words.joined(separator: " ")
                // Not the shell that is about to start it.
                return line == command || line.hasSuffix("/\(command)")
            }
            return found == isThere
        }
    }
}
