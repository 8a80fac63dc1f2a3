import ControlAPI
import Core
import Foundation
import Testing

extension AcceptanceTests {
    /// What the command line says, and when it asks.
    @Suite struct MannersTests {
        private func manifest(_ functions: [String], namespace: String = "default") throws -> String {
            let path = Scratch.path("torpor.yaml")
            let rootfs = try Programs.rootfs.get()
            let lines = functions.map {
                "  \($0): {namespace: \(namespace), rootfs: \(rootfs), command: [/bin/behave]}\n"
            }
            try ("functions:\n" + lines.joined()).write(toFile: path, atomically: false, encoding: .utf8)
            return path
        }

        /// Runs it on a terminal of its own, which script(1) makes, and types the answer.
        private func typing(_ answer: String, _ torpor: Torpor, _ arguments: String) throws -> String {
            let (path, input) = (Scratch.path("terminal"), Scratch.path("typed"))
            try "\(answer)\n".write(toFile: input, atomically: false, encoding: .utf8)
            let command = "\(Programs.commandLine) --socket \(torpor.socket) \(arguments); echo status=$?"
            let child = try ChildProcess(
                "script", ["-qec", command, "/dev/null"], input: input, output: .file(path))
            _ = try child.wait()
            return child.output
        }

        @Test func pruneAsksFirst() throws {
            try TorporFixture.with { torpor in
                try torpor.succeeding("apply", "-f", manifest(["one", "two", "three"]))
                let only = try manifest(["one"])
                let silent = try torpor.cli("apply", "-f", only, "--prune")
                #expect(silent.status == 1)
                #expect(
                    silent.errors.contains("remove 2 functions: three.default, two.default")
                        && silent.errors.contains("--yes"), "\(silent)")
                let no = try typing("n", torpor, "apply -f \(only) --prune")
                #expect(
                    no.contains("two.default: would be removed") && no.contains("remove 2 functions? [y/N]"))
                #expect(no.contains("nothing was done") && no.contains("status=1"))
                #expect(try torpor.list().count == 3)
                #expect(try typing("y", torpor, "apply -f \(only) --prune").contains("two.default: removed"))
                #expect(try torpor.list().map(\.name) == ["one"])
            }
        }

        /// Several manifests are one plan.
        @Test func severalManifests() throws {
            try TorporFixture.with { torpor in
                let (a, b) = (try manifest(["one"]), try manifest(["two"]))
                let plan = try torpor.succeeding("diff", "-f", a, "-f", b).output
                #expect(plan.contains("one.default: would be") && plan.contains("two.default: would be"))
                let first = try torpor.succeeding("apply", "-f", a, "-f", b).output
                #expect(
                    first == "one.default: one-00001 takes requests\ntwo.default: two-00001 takes requests\n")
                let again = try torpor.succeeding("apply", "-f", a, "-f", b, "--prune").output
                #expect(again == "one.default: unchanged (one-00001)\ntwo.default: unchanged (two-00001)\n")
                let twice = try torpor.cli("apply", "-f", a, "-f", b, "-f", a)
                #expect(twice.status == 1 && twice.errors.contains("one.default is declared twice: in \(a)"))
            }
        }

        /// Which revision, and what goes on.
        @Test func whatBecameOfADeploy() throws {
            try TorporFixture.with { torpor in
                let rootfs = try Programs.rootfs.get()
                let first = try torpor.cli(
                    "deploy", "broken", "--rootfs", rootfs, "-e", "EXIT_CODE=9", "--", "/bin/behave")
                #expect(
                    first.errors.hasPrefix("torpor: broken.default: broken-00001 did not come up\n"),
                    "\(first.errors)")
                try torpor.deploy("hello", environment: ["HELLO": "one"])
                let failed = try torpor.cli(
                    "deploy", "hello", "--rootfs", rootfs, "-e", "EXIT_CODE=9", "--", "/bin/behave")
                #expect(failed.status == 1)
                #expect(
                    failed.errors.hasPrefix(
                        "torpor: hello.default: hello-00002 did not come up; hello-00001 goes on taking requests\n"
                    ),
                    "\(failed.errors)")
                let new = try torpor.succeeding(
                    "deploy", "hello", "--rootfs", rootfs, "-e", "HELLO=two", "--", "/bin/behave")
                #expect(new.output.contains("hello.default: hello-00003 takes requests"))
                let undone = try torpor.succeeding("rollout", "undo", "hello").output
                #expect(undone == "hello.default: hello-00004 takes requests; it is hello-00001 again\n")
                let named = try torpor.succeeding("rollout", "undo", "hello", "--to", "hello-00003").output
                #expect(named.contains("hello-00005 takes requests; it is hello-00003 again"))
                let other = try torpor.cli("rollout", "undo", "hello", "--to", "helo-00003")
                #expect(other.status == 2 && other.errors.contains("no revision of hello.default"))
            }
        }

        @Test func whatIsNotThere() throws {
            try TorporFixture.with { torpor in
                for command in [["list"], ["secret", "list"], ["volume", "list"], ["events"]] {
                    let run = try torpor.cli(command + ["-n", "defaul"])
                    #expect(run.status == 1 && run.output.isEmpty, "\(run)")
                    #expect(run.errors.contains("there is no namespace 'defaul'; did you mean 'default'?"))
                    #expect(try torpor.cli(command + ["-n", "default"]).status == 0)
                }
                #expect(try torpor.succeeding("events", "nope").output == "no events of nope.default\n")
                try torpor.deploy("hello")
                let typo = try torpor.succeeding("wait", "helo", "--for", "gone")
                #expect(typo.output == "helo.default: gone\n")
                #expect(typo.errors.contains("there was no function 'helo.default'; did you mean 'hello'?"))
            }
        }

        @Test func aFrozenFunctionIsReady() throws {
            guard Host.canFreeze else { return }
            try TorporFixture.with { torpor in
                try torpor.deploy("cool") { $0.scale.freezeAfter = .after(.milliseconds(50)) }
                try torpor.waitUntil("cool", is: .frozen)
                let ready = try torpor.succeeding("wait", "cool", "--for", "ready", "--timeout", "1s").output
                #expect(ready == "cool.default: ready, frozen: the next request thaws it\n")
            }
        }

        /// A failure of long ago is not why it is not there now.
        @Test func onlyWhatFailedMeanwhileIsToldByWait() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                _ = try torpor.get("/function/hello/crash")
                try becomesTrue("the failure") { try torpor.describe("hello").lastFailure != nil }
                let late = try torpor.cli("wait", "hello", "--for", "gone", "--timeout", "300ms")
                #expect(late.status == 1 && !late.errors.contains("Signaled"), "\(late.errors)")
            }
        }

        /// `torpor events | head -1` ends as other programs do, without a word.
        @Test func whoeverReadsNoMoreIsNoError() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                _ = try torpor.get("/function/hello/log?lines=2000")
                let program = "\(Programs.commandLine) --socket \(torpor.socket)"
                for (command, reader) in [
                    ("logs hello", "head -1"), ("events", "true"), ("system backup -", "head -c 10"),
                    ("list", "true"),
                ] {
                    let path = Scratch.path("piped")
                    let script =
                        "exec 2>&1; { sleep 0.3; \(program) \(command); echo status=$? >&2; } | \(reader) >/dev/null"
                    let child = try ChildProcess("/bin/sh", ["-c", script], output: .file(path))
                    _ = try child.wait()
                    #expect(
                        ["status=141\n", "status=0\n"].contains(child.output), "\(command): \(child.output)")
                }
            }
        }

        @Test func aDaemonThatGoesAway() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                _ = try torpor.get("/function/hello/log?text=first+words")
                let followers = [
                    (["logs", "-f", "hello"], "first words"), (["events", "-f"], "deployed"),
                ]
                let children = try followers.map { command, first in
                    let (output, errors) = (Scratch.path("out"), Scratch.path("err"))
                    let child = try torpor.startCLI(command, output: output, errors: errors)
                    try becomesTrue("\(command): \(first)") { Host.text(output).contains(first) }
                    return (child, errors)
                }
                try torpor.kill()
                for (child, errors) in children {
                    #expect(try child.wait() == 1)
                    let words = Host.text(errors)
                    #expect(words.contains("torpord went away"), "\(words)")
                    #expect(!words.contains("unexpected time") && !words.contains("errno"), "\(words)")
                }
                try torpor.start()
            }
        }

        @Test func emptyInputIsNoBody() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                let empty = try torpor.succeeding("invoke", "hello", "--path", "/request").output
                #expect(empty.hasPrefix("GET /request"), "\(empty)")
                let body = try torpor.succeeding("invoke", "hello", "--path", "/request", input: "x").output
                #expect(body.hasPrefix("POST /request"), "\(body)")
            }
        }

        @Test func ctrlCDoesNotUndoADeploy() throws {
            try TorporFixture.with { torpor in
                let rootfs = try Programs.rootfs.get()
                let errors = Scratch.path("err")
                let child = try torpor.startCLI(
                    [
                        "deploy", "slow", "--rootfs", rootfs, "-e", "LISTEN_DELAY_MS=8000", "--",
                        "/bin/behave",
                    ], output: "/dev/null", errors: errors)
                try becomesTrue("the deploy") { try torpor.list().contains { $0.name == "slow" } }
                child.signal(SIGINT)
                #expect(try child.wait() == 128 + SIGINT)
                #expect(
                    Host.text(errors)
                        == "\ntorpor: interrupted; the deploy goes on: torpor rollout status slow\n")
                try torpor.succeeding("rollout", "status", "slow")
                #expect(try torpor.get("/function/slow").status == 200)
            }
        }

        /// Where no instance answered, nothing is said of its warmth.
        @Test func answersOfNobodyHaveNoWarmth() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                let known = try torpor.get("/function/hello")["Server-Timing"]
                #expect(known?.hasPrefix("torpor;desc=\"warm\", queue;dur=") == true)
                for path in ["/function/nobody", "/metrics", "/nothing"] {
                    let timing = try torpor.get(path)["Server-Timing"]
                    #expect(timing?.hasPrefix("torpor, queue;dur=") == true, "\(path): \(timing ?? "")")
                }
            }
        }
    }
}
