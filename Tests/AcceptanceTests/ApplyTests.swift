import ControlAPI
import Core
import Foundation
import Testing

extension AcceptanceTests {
    /// Manifests that change, and people who change things at once.
    @Suite struct ApplyTests {
        private func manifest(_ text: String) throws -> String {
            let path = Scratch.path("torpor.yaml")
            let rootfs = try Programs.rootfs.get()
            try text.replacingOccurrences(of: "ROOTFS", with: rootfs).write(
                toFile: path, atomically: false, encoding: .utf8)
            return path
        }

        @Test func aDiffTellsEveryFieldAndChangesNothing() throws {
            try TorporFixture.with { torpor in
                let first = try manifest(
                    """
                    functions:
                      hello:
                        rootfs: ROOTFS
                        command: ["/bin/behave"]
                        environment: {HELLO: first, OLD: "1"}
                        scale: {max: 2}
                    """)
                let new = try torpor.succeeding("diff", "-f", first).output
                #expect(new.contains("hello.default: would be created"))
                #expect(new.contains("+ environment.HELLO: first") && new.contains("+ scale.max: 2"))
                #expect(try torpor.list().isEmpty)
                try torpor.succeeding("apply", "-f", first)
                #expect(try torpor.succeeding("diff", "-f", first).output == "hello.default: unchanged\n")

                let second = try manifest(
                    """
                    functions:
                      hello:
                        rootfs: ROOTFS
                        command: ["/bin/behave"]
                        environment: {HELLO: "second\\u001b[31m", NEW: "1"}
                        timeout: 5s
                    """)
                let text = try torpor.succeeding("diff", "-f", second).output
                for line in [
                    "would change 5 of hello-00001's fields", "~ environment.HELLO: first -> second",
                    "+ environment.NEW: 1", "- environment.OLD: 1", "~ scale.max: 2 -> 10",
                    "~ timeout: 1m -> 5s",
                ] { #expect(text.contains(line), "\(line) in \(text)") }
                #expect(!text.contains("\u{1b}"))
                let json = try torpor.succeeding("diff", "-f", second, "-o", "json")
                #expect(try json.value("functions", 0, "action") as String == "change")
                #expect(
                    try json.value("functions", 0, "changes", 0, "field") as String == "environment.HELLO")
                #expect(try torpor.describe("hello").function.latestRevision == "hello-00001")

                // What differs may also be the files alone.
                let other = try Programs.makeRootfs()
                try "x".write(toFile: "\(other)/etc/word", atomically: false, encoding: .utf8)
                let third = try String(contentsOfFile: first, encoding: .utf8)
                    .replacingOccurrences(of: Programs.rootfs.get(), with: other)
                let content = try torpor.cli("diff", "-f", "-", input: third)
                #expect(content.status == 0 && content.output.contains("~ content: sha256:"), "\(content)")
                let kept = try FileManager.default.contentsOfDirectory(
                    atPath: "\(torpor.stateDirectory)/images/rootfs")
                #expect(kept.count == 1, "what was only looked at is not kept")
            }
        }

        @Test func aDryRunFindsWhatADeployWould() throws {
            try TorporFixture.with { torpor in
                let path = try manifest(
                    """
                    functions:
                      good: {rootfs: ROOTFS, command: ["/bin/behave"]}
                      bad: {rootfs: /nonexistent, command: ["/bin/behave"]}
                    """)
                let run = try torpor.cli("apply", "-f", path, "--dry-run")
                #expect(run.status == 1)
                #expect(run.output.contains("good.default: would be created"))
                #expect(run.errors.contains("bad.default") && run.errors.contains("/nonexistent"))
                #expect(try torpor.list().isEmpty)
            }
        }

        @Test func pruneRemovesWhatManifestsDeployedAndNothingElse() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("byhand")
                let both = try manifest(
                    """
                    functions:
                      one: {rootfs: ROOTFS, command: ["/bin/behave"]}
                      two: {rootfs: ROOTFS, command: ["/bin/behave"]}
                      far: {namespace: team, rootfs: ROOTFS, command: ["/bin/behave"]}
                    """)
                try torpor.succeeding("namespace", "create", "team")
                try torpor.succeeding("apply", "-f", both)
                let one = try manifest(
                    "functions: {one: {rootfs: ROOTFS, command: [\"/bin/behave\"]}}")
                let plan = try torpor.succeeding("apply", "-f", one, "--prune", "--dry-run", "-o", "json")
                #expect(try plan.value("removed") as [String] == ["two.default"])
                #expect(try torpor.succeeding("diff", "-f", one, "--prune").output.contains("two.default"))
                #expect(try torpor.list().count == 4)
                try torpor.succeeding("apply", "-f", one)
                #expect(try torpor.list().count == 4)
                let pruned = try torpor.succeeding("apply", "-f", one, "--prune", "--yes").output
                #expect(pruned.contains("two.default: removed"))
                #expect(try torpor.list().map(\.name) == ["byhand", "one", "far"])
            }
        }

        /// Of two who deploy one function at once, the second is told.
        @Test func theSecondOfTwoIsTold() throws {
            try TorporFixture.with { torpor in
                let key = try FunctionKey(name: "hello")
                var spec = FunctionSpec()
                spec.command = ["/bin/behave"]
                let source = RevisionSource.rootfs(path: try Programs.rootfs.get())
                let new = DeployRequest(key: key, source: source, spec: spec, ifGeneration: 0)
                let both = try concurrently(2) { number in
                    var mine = new
                    mine.spec.environment["WHO"] = "\(number)"
                    return try torpor.control(.deployFunction, body: ControlCoding.encode(mine)).status
                }
                #expect(both.sorted() == [200, 409])
                let view = try torpor.describe("hello").function
                #expect(view.generation == 1)

                var late = new
                late.ifGeneration = view.generation
                late.spec.environment["WHO"] = "first"
                try torpor.deploy(late)
                late.spec.environment["WHO"] = "second"
                let refusal = try torpor.refusal { try torpor.deploy(late) }
                #expect(refusal.kind == .conflict)
                #expect(refusal.message.contains("changed by somebody else"), "\(refusal)")
                #expect(try torpor.describe("hello").spec.environment["WHO"] == "first")
                let unconditional = try torpor.deploy("hello", environment: ["WHO": "whoever"])
                #expect(unconditional.generation == 3)

                // The command line asks for the generation by itself.
                let rootfs = try Programs.rootfs.get()
                let runs = try concurrently(4) { number in
                    try torpor.cli(
                        "deploy", "hello", "--rootfs", rootfs, "-e", "WHO=\(number)", "--", "/bin/behave")
                }
                #expect(runs.contains { $0.status == 0 })
                for run in runs where run.status != 0 {
                    #expect(run.errors.contains("changed by somebody else"), "\(run)")
                }
            }
        }
    }
}
