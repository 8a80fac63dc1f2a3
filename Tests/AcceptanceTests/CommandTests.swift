import ControlAPI
import Core
import Foundation
import Glibc
import Testing

extension AcceptanceTests {
    /// `torpor`, as people and scripts use it.
    @Suite struct CommandTests {
        @Test func aFunctionsWholeLife() throws {
            try TorporFixture.with { torpor in
                let rootfs = try Programs.rootfs.get()
                #expect(try torpor.succeeding("list").output.contains("no functions"))
                let deployed = try torpor.succeeding(
                    "deploy", "hello", "--rootfs", rootfs, "--env", "HELLO=hi there", "--max", "3",
                    "--concurrency",
                    "4", "--port", "8123", "--", "/bin/behave")
                #expect(deployed.output.contains("hello-00001"))
                #expect(deployed.errors.isEmpty)

                let list = try torpor.succeeding("list").output.split(separator: "\n")
                #expect(list.count == 2)
                #expect(list[0].hasPrefix("NAME"))
                #expect(
                    list[1].contains("hello") && list[1].contains("ready") && list[1].contains("hello-00001"))
                let json = try torpor.succeeding("--output", "json", "list")
                #expect(try json.value("functions", 0, "name") as String == "hello")
                #expect(try json.value("functions", 0, "instances", "ready") as Int == 1)
                #expect(try torpor.succeeding("list", "--output", "yaml").output.contains("name: hello"))

                #expect(try torpor.succeeding("invoke", "hello", "--path", "/").output.hasPrefix("hi there"))
                #expect(
                    try torpor.succeeding("invoke", "hello", "--path", "/echo", "-d", "the data").output
                        == "the data")
                let piped = String(repeating: "piped ", count: 50_000)
                let echoed = try torpor.cli("invoke", "hello", "--path", "/echo", input: piped)
                #expect(echoed.output == piped)
                let failed = try torpor.cli("invoke", "hello", "--path", "/crash")
                #expect(failed.status == 1)
                #expect(failed.errors.contains("502"))

                let text = try torpor.succeeding("describe", "hello").output
                for word in ["hello-00001", "8123", "/bin/behave", "Last failure", "Signaled"] {
                    #expect(text.contains(word), "\(word)")
                }
                let detail = try torpor.succeeding("describe", "hello", "-o", "json")
                #expect(try detail.value("spec", "port") as Int == 8123)
                #expect(try detail.value("lastFailure", "cause") as String == "Signaled")

                _ = try torpor.get("/function/hello")
                #expect(try torpor.succeeding("scale", "hello", "2").output.contains("2"))
                try becomesTrue("two instances") {
                    try torpor.describe("hello").function.instances.ready == 2
                }
                try torpor.succeeding("scale", "hello", "0")
                try torpor.waitUntil("hello", is: .asleep)
                // Written soon after.
                try becomesTrue("why they ended") {
                    try torpor.describe("hello").past.contains { $0.cause == "ScaledDown" }
                }
                let kept = try torpor.succeeding("describe", "hello").output
                #expect(kept.contains("0 by hand (auto: 0 to 3), freezes after"), "\(kept)")
                let ended = kept.split(separator: "\n").filter { $0.contains(" ago  ") }
                #expect(ended.contains { $0.hasSuffix("ScaledDown") }, "\(kept)")
                #expect(kept.contains("\nLast failure of hello-00001\n"), "\(kept)")
                try torpor.succeeding("scale", "hello", "auto")
                #expect(try torpor.succeeding("remove", "hello").output.contains("removed"))
                #expect(try torpor.get("/function/hello").status == 404)
            }
        }

        @Test func aManifestIsApplied() throws {
            try TorporFixture.with { torpor in
                let folder = try Scratch.makeDirectory("manifest")
                try FileManager.default.copyItem(atPath: Programs.rootfs.get(), toPath: "\(folder)/rootfs")
                let bundle = try OCIBundle()
                try bundle.write()
                try """
                functions:
                  one:
                    rootfs: ./rootfs
                    command: ["/bin/behave"]
                    environment: {HELLO: first}
                    timeout: 5s
                    scale: {min: 1, max: 2, freezeAfter: 1m, stopAfter: never}
                  two:
                    namespace: team
                    bundle: \(bundle.path)
                """.write(toFile: "\(folder)/torpor.yaml", atomically: false, encoding: .utf8)
                try torpor.succeeding("namespace", "create", "team")
                let applied = try torpor.succeeding("apply", "-f", "\(folder)/torpor.yaml").output
                #expect(applied.contains("one.default") && applied.contains("two.team"))
                #expect(try torpor.get("/function/one").text.hasPrefix("first"))
                #expect(try torpor.get("/function/two.team").text.hasPrefix("bundled"))
                let spec = try torpor.describe("one").spec
                #expect(spec.timeout == .seconds(5))
                #expect(spec.scale.stopAfter == .never)
                // Again, from a directory and from stdin: nothing has changed.
                try torpor.succeeding("apply", "-f", folder)
                #expect(try torpor.describe("one").function.latestRevision == "one-00001")
                let absolute = """
                    functions: {three: {rootfs: \(try Programs.rootfs.get()), command: [/bin/behave]}}
                    """
                try torpor.succeeding("apply", "-f", "-", input: absolute)
                #expect(try torpor.get("/function/three").status == 200)
            }
        }

        @Test func statusAndErrors() throws {
            try TorporFixture.with { torpor in
                let rootfs = try Programs.rootfs.get()
                #expect(try torpor.cli("deploy").status == 2)
                #expect(try torpor.cli("nothing").status == 2)
                #expect(
                    try torpor.cli("deploy", "x", "--rootfs", rootfs, "--port", "0", "--", "/bin/behave")
                        .status == 2)
                let unknown = try torpor.cli("describe", "nobody")
                #expect(unknown.status == 1)
                #expect(unknown.output.isEmpty)
                #expect(unknown.errors.contains("nobody"))
                try torpor.deploy("hello")
                #expect(try torpor.cli("invoke", "helo").errors.contains("did you mean 'hello'"))
                let broken = try torpor.cli(
                    "deploy", "broken", "--rootfs", rootfs, "--env", "EXIT_CODE=9", "--", "/bin/behave")
                #expect(broken.status == 1)
                #expect(
                    broken.errors.contains("ExitedEarly") && broken.errors.contains("exiting with 9"),
                    "\(broken)")
                #expect(try torpor.succeeding("describe", "broken").output.contains("exiting with 9"))
            }
        }

        @Test func systemInfoAndCheck() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                let info = try torpor.succeeding("system", "info").output
                #expect(info.contains("\(torpor.pid)") && info.contains("127.0.0.1:\(torpor.port)"))
                let json = try torpor.succeeding("system", "info", "-o", "json")
                #expect(try json.value("functions") as Int == 1)
                #expect(try json.value("cgroup", "canFreeze") as Bool == Host.canFreeze)
                #expect(try json.value("stateDirectory") as String == torpor.stateDirectory)

                #expect(try torpor.control(.systemInfo)["Server"] == "torpord/\(torpor.info().version)")

                let check = try torpor.cli("system", "check")
                for word in ["kernel", "cgroup", "namespace", "overlay", "bridge", "nftables"] {
                    #expect(check.output.lowercased().contains(word), "\(word)")
                }
                let checks = try torpor.cli("system", "check", "-o", "json")
                let items: [Any] = try checks.value("checks")
                #expect(items.count >= 6)
                for case let item as [String: Any] in items where item["status"] as? String != "ok" {
                    #expect(item["costs"] != nil && item["mend"] != nil, "\(item)")
                }
                let isMissing = items.contains { ($0 as? [String: Any])?["status"] as? String == "missing" }
                #expect(check.status == (isMissing ? 1 : 0))
            }
        }

        @Test func withoutADaemon() throws {
            try TorporFixture.with(start: false) { torpor in
                let result = try torpor.cli("list")
                #expect(result.status == 1)
                #expect(result.errors.contains("not running") && result.errors.contains(torpor.socket))
            }
        }

        /// The daemon's program says what keeps it from starting.
        @Test func theHostIsCheckedWithoutADaemon() throws {
            try TorporFixture.with(start: false) { torpor in
                let check = try torpor.cli("system", "check", "-o", "json")
                #expect(check.errors.contains("torpord is not running"))
                let items: [Any] = try check.value("checks")
                let states = items.compactMap { $0 as? [String: Any] }.compactMap { $0["status"] as? String }
                #expect(states.count >= 9)
                #expect(check.status == (states.contains("missing") ? 1 : 0), "\(check)")
                let table = try torpor.cli("system", "check").output
                for word in ["kernel", "user namespaces", "overlay", "bridge", "nftables"] {
                    #expect(table.contains(word), "\(word)")
                }

                let taken = Scratch.path("check")
                defer { unlink(taken) }
                let child = try ChildProcess(
                    Programs.daemon,
                    ["--config", torpor.configurationPath, "--bridge", "lo", "--check-host"],
                    output: .file(taken))
                #expect(try child.wait() == 1)
                let found = try ControlCoding.decode(CheckList.self, from: Data(Host.text(taken).utf8))
                let bridge = try #require(found.checks.first { $0.name == "bridge" })
                #expect(bridge.status == .missing && bridge.detail.contains("is a network interface"))
                #expect(bridge.costs == "the daemon does not start" && bridge.mend?.isEmpty == false)
            }
        }

        /// Somebody outside of the group is told how to join it.
        @Test(.needsUsers) func withoutPermission() throws {
            try TorporFixture.with { torpor in
                let program = "\(torpor.directory)/torpor"
                try FileManager.default.copyItem(atPath: Programs.commandLine, toPath: program)
                chmod(program, 0o755)
                let output = "\(torpor.directory)/denied"
                let child = try ChildProcess(
                    "setpriv",
                    [
                        "--reuid", "65534", "--regid", "65534", "--clear-groups", program, "--socket",
                        torpor.socket,
                        "list",
                    ], environment: ["HOME": "/"], output: .file(output))
                #expect(try child.wait() == 1)
                #expect(child.output.contains("usermod -aG torpor"), "\(child.output)")
                var status = stat()
                #expect(stat(torpor.runDirectory, &status) == 0 && status.st_mode & 0o777 == 0o750)
                let mode: mode_t = getgrnam("torpor") == nil ? 0o600 : 0o660
                #expect(stat(torpor.socket, &status) == 0 && status.st_mode & 0o777 == mode)
            }
        }
    }
}
