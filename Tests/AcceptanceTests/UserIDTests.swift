import ControlAPI
import Core
import Foundation
import Testing

extension AcceptanceTests {
    /// The ids that functions have on the host.
    @Suite struct UserIDTests {
        private func first(_ torpor: Torpor, _ name: String) throws -> UInt32 {
            let ids = try #require(try torpor.describe(name).ids)
            #expect(ids.count == 65_536 && !ids.shared)
            return ids.first
        }

        /// The user and group that its main process has on the host.
        private func seen(_ torpor: Torpor, _ name: String) throws -> [String] {
            let pid = try #require(try torpor.instance(of: name).pid)
            let main = try #require(Leftovers.processes().first { $0.parent == pid_t(pid) })
            let lines = Host.text("/proc/\(main.pid)/status").split(separator: "\n")
            return try ["Uid:", "Gid:"].map { kind in
                let line = try #require(lines.first { $0.hasPrefix(kind) })
                return String(try #require(line.split(separator: "\t").last))
            }
        }

        @Test(.needsUsers) func eachFunctionHasItsOwn() throws {
            try TorporFixture.with { torpor in
                for name in ["one", "two"] { try torpor.deploy(name) }
                let (one, two) = (try first(torpor, "one"), try first(torpor, "two"))
                #expect(two == one + 65_536)
                #expect(try seen(torpor, "one") == ["\(one)", "\(one)"])
                #expect(try seen(torpor, "two") == ["\(two)", "\(two)"])
                // Inside both see their image as root's, and may write where root may.
                for name in ["one", "two"] {
                    #expect(try torpor.get("/function/\(name)/stat?path=/bin/behave").text.hasSuffix(" 0 0"))
                    #expect(try torpor.write(name, "/tmp/file") == "done")
                    #expect(try torpor.get("/function/\(name)/stat?path=/tmp/file").text == "100644 0 0")
                }
                let text = try torpor.succeeding("describe", "two").output
                #expect(text.contains("\(two)+65536") && text.contains("Ids:"), "\(text)")
                let json = try torpor.succeeding("describe", "two", "-o", "json")
                #expect(try json.value("ids", "first") as Int == Int(two))

                // A new revision has them, too, and so has a daemon that begins anew.
                try torpor.deploy("two", environment: ["A": "b"])
                #expect(try seen(torpor, "two") == ["\(two)", "\(two)"])
                #expect(try torpor.stop() == 0)
                try torpor.start()
                #expect(try torpor.get("/function/two").status == 200)
                #expect(try first(torpor, "one") == one)
                #expect(try seen(torpor, "two") == ["\(two)", "\(two)"])

                // They are free when the function is gone.
                try torpor.succeeding("remove", "one")
                try becomesTrue("the ids of a removed function are free") {
                    _ = try torpor.cli("remove", "three")
                    try torpor.deploy("three")
                    return try first(torpor, "three") == one
                }
                #expect(try seen(torpor, "three") == ["\(one)", "\(one)"])
            }
        }

        @Test(.needsUsers) func aBundleSaysHowManyThereAreInside() throws {
            try TorporFixture.with { torpor in
                var bundle = try OCIBundle()
                bundle.set("linux.uidMappings", [["containerID": 0, "hostID": 100_000, "size": 2000]])
                bundle.set("linux.gidMappings", [["containerID": 0, "hostID": 100_000, "size": 3000]])
                bundle.set("process.user.uid", 1999)
                try bundle.write()
                try torpor.deploy("few", bundle: bundle)
                let ids = try first(torpor, "few")
                let map = try torpor.read("few", "/proc/self/uid_map").split(separator: " ")
                #expect(
                    map.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) } == ["0", "\(ids)", "2000"])
                #expect(try seen(torpor, "few") == ["\(ids + 1999)", "\(ids)"])
                bundle.set("process.user.uid", 2000)
                try bundle.write()
                let refused = try torpor.refusal { try torpor.deploy("few", bundle: bundle) }
                #expect(refused.path?.hasSuffix("process.user.uid") == true, "\(refused)")
            }
        }
    }
}
