import ControlAPI
import Core
import Foundation
import Testing

extension AcceptanceTests {
    /// `system prune` and `config check`.
    @Suite struct HousekeepingTests {
        @Test func pruneRemovesWhatNothingNeeds() throws {
            try TorporFixture.with { torpor in
                for number in 1...4 {
                    let rootfs = try Programs.makeRootfs()
                    try "\(number)".write(toFile: "\(rootfs)/etc/number", atomically: false, encoding: .utf8)
                    try torpor.deploy("hello", rootfs: rootfs)
                }
                let contents = "\(torpor.stateDirectory)/images/rootfs"
                #expect(try FileManager.default.contentsOfDirectory(atPath: contents).count == 4)
                try becomesTrue("one instance") { try torpor.describe("hello").instances.count == 1 }

                let silent = try torpor.cli("system", "prune")
                #expect(silent.status == 1 && silent.errors.contains("--yes"))
                let plan = try torpor.succeeding("system", "prune", "--all", "--dry-run", "-o", "json")
                #expect(
                    try plan.value("revisions") as [String] == ["hello-00001.default", "hello-00002.default"])
                #expect(try plan.value("contents") as Int == 2)
                #expect(try plan.value("contentBytes") as Int > 1000)
                #expect(try plan.value("logs") as Int >= 3)
                #expect(try torpor.describe("hello").revisions.count == 4)

                try torpor.succeeding("system", "prune", "--yes")
                #expect(
                    try torpor.describe("hello").revisions.count == 4, "old revisions go with --all alone")
                #expect(try torpor.logs("hello").filter { $0.text.hasPrefix("starting") }.count == 1)
                let pruned = try torpor.succeeding("system", "prune", "--all", "--yes").output
                #expect(
                    pruned.contains("hello-00001.default: removed") && pruned.contains("2 root filesystems"))
                #expect(try torpor.describe("hello").revisions.map(\.number) == [3, 4])
                #expect(try FileManager.default.contentsOfDirectory(atPath: contents).count == 2)
                #expect(try torpor.get("/function/hello/read?path=/etc/number").text == "4")
                try torpor.succeeding("rollout", "undo", "hello")
                #expect(try torpor.get("/function/hello/read?path=/etc/number").text == "3")
                // So it stays.
                #expect(try torpor.stop() == 0)
                try torpor.start()
                #expect(try torpor.describe("hello").revisions.map(\.number) == [3, 4, 5])
            }
        }

        @Test func configurationIsCheckedWithoutADaemon() throws {
            try TorporFixture.with(start: false) { torpor in
                let good = Scratch.path("good.yaml")
                try "listen: 127.0.0.1:8080\n".write(toFile: good, atomically: false, encoding: .utf8)
                #expect(
                    try torpor.succeeding("config", "check", "--config", good).output == "\(good): good\n")
                let wrong = Scratch.path("wrong.yaml")
                try "listen: 127.0.0.1:8080\nlimits: lax\n".write(
                    toFile: wrong, atomically: false, encoding: .utf8)
                let run = try torpor.cli("config", "check", "--config", wrong)
                #expect(run.status == 1 && run.output == "\(wrong): wrong\n")
                #expect(run.errors.contains("\(wrong):2: limits") && run.errors.contains("strict"), "\(run)")
                #expect(try torpor.cli("config", "check", "--config", "/nonexistent").status == 1)

                let manifest = Scratch.path("torpor.yaml")
                try "functions: {a: {bundle: ./b, timout: 5s}}\n".write(
                    toFile: manifest, atomically: false, encoding: .utf8)
                let both = try torpor.cli("config", "check", "-f", manifest, "--config", good, "-o", "json")
                #expect(both.status == 1 && both.errors.contains("did you mean 'timeout'"), "\(both)")
                #expect(try both.value("checked", 0, "file") as String == good)
                try "functions: {a: {bundle: ./b, timeout: 5s}}\n".write(
                    toFile: manifest, atomically: false, encoding: .utf8)
                let right = try torpor.succeeding("config", "check", "-f", manifest, "-o", "json")
                #expect(try right.value("checked", 0, "functions") as [String] == ["a.default"])
            }
        }
    }
}
