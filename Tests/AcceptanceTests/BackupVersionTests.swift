import ControlAPI
import Core
import Foundation
import GRDB
import Testing

extension AcceptanceTests {
    /// Backups that other versions of Torpor made.
    @Suite struct BackupVersionTests {
        @Test func anOlderOneIsBroughtUpToDateAndANewerOneIsRefused() throws {
            try TorporFixture.with { torpor in
                try torpor.succeeding("namespace", "create", "team")
                try torpor.deploy("hello", environment: ["HELLO": "kept"])
                try torpor.deploy("hello.team", environment: ["HELLO": "of the team"])
                let file = Scratch.path("backup")
                defer { unlink(file) }
                try torpor.succeeding("system", "backup", file)
                let folder = try Scratch.makeDirectory("unpacked")
                defer { try? FileManager.default.removeItem(atPath: folder) }
                try ChildProcess.run("tar", ["-C", folder, "-xpf", file])

                try change(folder, ["INSERT INTO grdb_migrations (identifier) VALUES ('9999 of later')"])
                try pack(folder, file)
                let refused = try torpor.cli("system", "restore", "--replace", file)
                #expect(refused.status == 1)
                #expect(
                    refused.errors.contains("newer version")
                        && refused.errors.contains("nothing has changed"),
                    "\(refused.errors)")
                #expect(try torpor.get("/function/hello").status == 200)

                // What a backup says of ids is held against the rules: two functions would have the same.
                try change(
                    folder,
                    [
                        "DELETE FROM grdb_migrations WHERE identifier LIKE '9999 %'",
                        "DROP INDEX functions_by_id_range", "UPDATE functions SET id_range = 7",
                    ])
                try pack(folder, file)
                let lying = try torpor.cli("system", "restore", "--replace", file)
                #expect(lying.status == 1)
                for part in ["id_range", "7 is that of", "nothing has changed"] {
                    #expect(lying.errors.contains(part), "\(lying.errors)")
                }

                // As the first version left it: without what came later, in tables and in specifications.
                try change(
                    folder,
                    [
                        "DELETE FROM grdb_migrations WHERE identifier NOT LIKE '0001 %'",
                        "DROP TABLE events", "DROP TABLE secrets", "DROP TABLE namespaces",
                        "ALTER TABLE functions DROP COLUMN previous",
                        "ALTER TABLE functions DROP COLUMN applied",
                        "ALTER TABLE functions DROP COLUMN proven",
                        "ALTER TABLE functions DROP COLUMN id_range",
                        "UPDATE revisions SET spec = json_remove(spec, '$.cgi', '$.queueTimeout')",
                    ])
                try pack(folder, file)
                let before = try torpor.info().startedAt
                try torpor.succeeding("system", "restore", "--replace", file)
                try becomesTrue("a daemon that begins anew", within: .seconds(20)) {
                    try torpor.info().startedAt != before
                }
                #expect(try torpor.get("/function/hello").text.hasPrefix("kept"))
                #expect(try torpor.get("/function/hello.team").text.hasPrefix("of the team"))
                let ids = try [torpor.describe("hello").ids, torpor.describe("hello.team").ids]
                #expect(ids[0] == nil || ids[0]?.shared == true || ids[0] != ids[1])
                let namespaces = try torpor.succeeding("namespace", "list", "-o", "json")
                #expect(try namespaces.value("namespaces", 1, "name") as String == "team")
                #expect(try torpor.describe("hello").spec.queueTimeout == FunctionSpec().queueTimeout)
                // What the first version did not have works.
                try torpor.succeeding("secret", "set", "token", input: "x")
                let token = try ResourceName("token")
                try torpor.deploy("hello", environment: ["HELLO": "again"]) { $0.secrets = [token] }
                #expect(try torpor.read("hello", "/run/secrets/token") == "x")
                try torpor.succeeding("rollout", "undo", "hello")
                #expect(try torpor.get("/function/hello").text.hasPrefix("kept"))
                #expect(try torpor.succeeding("events", "hello").output.contains("activated"))
            }
        }

        private func change(_ folder: String, _ statements: [String]) throws {
            let database = try DatabaseQueue(path: "\(folder)/torpor.db")
            try database.writeWithoutTransaction { connection in
                for statement in statements { try connection.execute(sql: statement) }
            }
            try database.close()
        }

        /// A whole backup of what is in this folder.
        private func pack(_ folder: String, _ file: String) throws {
            let rest = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
                $0 != "torpor-backup.json"
            }
            try ChildProcess.run(
                "tar",
                ["-C", folder, "--format=posix", "--numeric-owner", "-cf", file, "torpor-backup.json"] + rest)
            let sum = try ChildProcess.run("sha256sum", [file]).prefix(64)
            let attributes = try FileManager.default.attributesOfItem(atPath: file)
            let bytes = try #require(attributes[.size] as? Int)
            let end = Array("TORPOR-BACKUP-END 1 sha256:\(sum) \(bytes)\n".utf8)
            let handle = try #require(FileHandle(forWritingAtPath: file))
            try handle.seekToEnd()
            try handle.write(contentsOf: end + [UInt8](repeating: 0, count: 512 - end.count))
            try handle.close()
        }
    }
}
