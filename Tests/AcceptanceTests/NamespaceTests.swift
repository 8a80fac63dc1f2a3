import ControlAPI
import Core
import Foundation
import Testing

extension AcceptanceTests {
    /// Namespaces with limits and defaults, through the command line.
    @Suite struct NamespaceTests {
        private func deploy(_ torpor: Torpor, _ name: String, _ more: String...) throws -> CommandResult {
            try torpor.cli(
                [
                    "deploy", name, "--rootfs", Programs.rootfs.get(), "--stop-after", "never",
                    "--freeze-after", "never",
                ]
                    + more + ["--", "/bin/behave"])
        }

        @Test func theyAreMadeShownAndRemoved() throws {
            try TorporFixture.with { torpor in
                let early = try deploy(torpor, "hello.team")
                #expect(
                    early.status == 1 && early.errors.contains("torpor namespace create team"), "\(early)")
                #expect(
                    try torpor.cli("secret", "set", "x", "-n", "team", input: "v").errors.contains("'team'"))

                try torpor.succeeding("namespace", "create", "team", "--functions", "2")
                let again = try torpor.cli("namespace", "create", "team")
                #expect(again.status == 1 && again.errors.contains("already"), "\(again.errors)")
                try torpor.succeeding("secret", "set", "token", "-n", "team", input: "of the team")
                let hello = try deploy(torpor, "hello.team", "--secret", "token", "--volume", "data:/data")
                #expect(hello.status == 0, "\(hello.errors)")
                #expect(try torpor.read("hello.team", "/run/secrets/token") == "of the team")
                // What another namespace has is not this one's.
                let other = try deploy(torpor, "hello", "--secret", "token")
                #expect(other.errors.contains("no secret 'token' in namespace 'default'"), "\(other.errors)")

                let list = try torpor.succeeding("namespace", "list", "-o", "json")
                #expect(try list.value("namespaces", 0, "name") as String == "default")
                #expect(try list.value("namespaces", 1, "usage", "functions") as Int == 1)
                #expect(try torpor.succeeding("ns", "ls").output.contains("1 of 2"))
                let described = try torpor.succeeding("namespace", "describe", "team").output
                #expect(
                    described.contains("1 of 2") && described.contains("Defaults:"),
                    "\(described)")
                #expect(
                    try torpor.succeeding("namespace", "describe", "team", "-o", "json")
                        .value("limits", "functions") as Int == 2)
                #expect(
                    try torpor.cli("namespace", "describe", "nobody").errors.contains("no namespace 'nobody'")
                )

                #expect(try torpor.stop() == 0)
                try torpor.start()
                #expect(try torpor.succeeding("ns", "ls").output.contains("1 of 2"))
                for (what, remove) in [
                    ("functions hello", ["remove", "hello.team"]),
                    ("secrets token", ["secret", "remove", "-n", "team", "token"]),
                    ("volumes data", ["volume", "remove", "-n", "team", "data"]),
                ] {
                    try becomesTrue("a refusal for \(what)") {
                        let refused = try torpor.cli("namespace", "remove", "team")
                        return refused.status == 1 && refused.errors.contains(what)
                    }
                    #expect(try torpor.cli(remove).status == 0)
                }
                try becomesTrue("a removed namespace") {
                    try torpor.cli("namespace", "remove", "team").status == 0
                }
                #expect(try torpor.cli("namespace", "remove", "team").errors.contains("no namespace 'team'"))
                #expect(try torpor.cli("namespace", "remove", "default").errors.contains("always there"))
            }
        }

        @Test func namesAreResolvedInThemFirst() throws {
            try TorporFixture.with { torpor in
                try torpor.succeeding("namespace", "create", "team")
                #expect(try deploy(torpor, "hello.team", "--env", "HELLO=team").status == 0)
                #expect(try deploy(torpor, "hello", "--env", "HELLO=default").status == 0)
                let invoke = { (name: String, namespace: String) in
                    try torpor.cli(["invoke", name], environment: ["TORPOR_NAMESPACE": namespace]).output
                }
                #expect(try invoke("hello", "team").hasPrefix("team"))
                #expect(try invoke("hello.default", "team").hasPrefix("default"))
                #expect(try invoke("hello", "").hasPrefix("default"))
                let wrong = try torpor.cli(["invoke", "hello"], environment: ["TORPOR_NAMESPACE": "../x"])
                #expect(wrong.status == 2 && wrong.errors.contains("TORPOR_NAMESPACE"), "\(wrong.errors)")
            }
        }

        @Test func functionsAndInstancesAreLimited() throws {
            try TorporFixture.with { torpor in
                try torpor.succeeding("namespace", "create", "team", "--functions", "2", "--instances", "2")
                #expect(try deploy(torpor, "one.team", "--max", "5").status == 0)
                #expect(try deploy(torpor, "two.team").status == 0)
                let third = try deploy(torpor, "three.team")
                #expect(
                    third.status == 1 && third.errors.contains("has 2 functions, its limit"),
                    "\(third.errors)")
                // A redeploy takes the place of what is there.
                #expect(try deploy(torpor, "two.team", "--env", "A=b").status == 0)
                let scaled = try torpor.cli("scale", "one.team", "3")
                #expect(scaled.status == 1 && scaled.errors.contains("at most 2"), "\(scaled.errors)")
                let kept = try deploy(torpor, "two.team", "--min", "3")
                #expect(kept.status == 1 && kept.errors.contains("no room for 3 instances"), "\(kept.errors)")

                // Two live: a third waits until one is gone.
                try torpor.succeeding("namespace", "set", "team", "--instances", "1")
                try torpor.scale("two.team", .count(0))
                try becomesTrue("'two' at zero") {
                    try torpor.describe("two.team").function.instances.total == 0
                }
                let started = ContinuousClock.now
                let waiting = try torpor.connect()
                try waiting.send(Array(requestHead("GET", "/function/two.team", []).utf8))
                try becomesTrue("a request that waits") { ContinuousClock.now - started > .milliseconds(300) }
                #expect(try torpor.describe("two.team").function.instances.total == 0)
                // Whoever asks is told what it waits for.
                let explained = try torpor.succeeding("explain", "two.team").output
                #expect(
                    explained.contains("limits: ") && explained.contains("(instances 1 of 1)")
                        && explained.contains("torpor namespace describe team"), "\(explained)")
                let held = try torpor.succeeding(
                    "events", "two.team", "--kind", "held", "--tail", "1", "-o", "json")
                #expect(try held.value("cause") as String == "NamespaceFull")
                #expect((try held.value("callID") as String).isEmpty == false)
                let refused = try torpor.succeeding("events", "-n", "team", "--kind", "held").output
                #expect(refused.contains("a deploy was refused: 'team' is full"), "\(refused)")
                #expect(refused.contains("scaling was refused"), "\(refused)")
                try torpor.scale("one.team", .count(0))
                #expect(try waiting.response(to: "GET").status == 200)
                #expect(try torpor.describe("two.team").function.instances.ready == 1)
                let after = try torpor.succeeding("explain", "two.team").output
                #expect(!after.contains("limits: "), "\(after)")
            }
        }

        @Test func memoryAndCPUAreLimitedAndHaveDefaults() throws {
            try TorporFixture.with(configuration: "limits: besteffort\n") { torpor in
                try torpor.succeeding("namespace", "create", "team", "--memory", "128Mi", "--cpus", "1")
                let bare = try deploy(torpor, "hello.team")
                #expect(bare.status == 1 && bare.errors.contains("limits.memory"), "\(bare.errors)")
                try torpor.succeeding(
                    "namespace", "set", "team", "--memory", "128Mi", "--cpus", "1", "--default-memory",
                    "48Mi",
                    "--default-cpus", "250m", "--default-pids", "32")
                #expect(try deploy(torpor, "hello.team").status == 0)
                let detail = try torpor.describe("hello.team")
                #expect(detail.spec.limits.memory == .mebibytes(48) && detail.spec.limits.pids == 32)
                #expect(detail.spec.limits.cpu == CPUQuantity(millicores: 250))
                let large = try deploy(torpor, "large.team", "--memory", "96Mi")
                #expect(large.status == 1 && large.errors.contains("is full"), "\(large.errors)")
                #expect(try deploy(torpor, "small.team", "--memory", "64Mi").status == 0)
                let usage = try torpor.succeeding("namespace", "describe", "team", "-o", "json")
                #expect(try usage.value("usage", "memory") as String == "112Mi")
                #expect(try usage.value("usage", "cpu") as String == "500m")
                #expect(try torpor.cli("scale", "small.team", "3").errors.contains("at most 2"))
            }
        }

        @Test func badInput() throws {
            try TorporFixture.with { torpor in
                for arguments in [
                    ["create", "../x"], ["create", "UPPER"], ["create", "x", "--instances", "-1"],
                    ["create", "x", "--memory", "lots"], ["create", "x", "--default-memory", "1"],
                    ["describe", ""],
                ] {
                    #expect(try torpor.cli(["namespace"] + arguments).status == 2, "\(arguments)")
                }
                let unknown = #"{"name": "x", "limits": {"instance": 3}}"#
                let response = try torpor.control("POST", "/v1/namespaces", body: Array(unknown.utf8))
                #expect(
                    response.status == 422 && response.text.contains("limits.instance"), "\(response.text)")
                let moved = #"{"name": "y"}"#
                #expect(
                    try torpor.control("PUT", "/v1/namespaces/default", body: Array(moved.utf8)).status == 422
                )
                #expect(try torpor.cli("namespace", "set", "nobody").errors.contains("no namespace 'nobody'"))
            }
        }
    }
}
