import ControlAPI
import Core
import Foundation
import Glibc
import Testing

extension AcceptanceTests {
    /// `torpor system backup` and `restore`: rehearsed, and with everything that can be wrong with a file.
    @Suite struct BackupTests {
        /// A daemon with one function, a volume's file, and secrets, backed up into `file`.
        private func backedUp(_ torpor: Torpor, _ file: String) throws {
            try torpor.deploy("hello", environment: ["HELLO": "kept"])
            for (name, text) in [("volumes/data/file", "of the volume"), ("secrets/key", "the key")] {
                let path = "\(torpor.stateDirectory)/\(name)"
                try FileManager.default.createDirectory(
                    atPath: String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]),
                    withIntermediateDirectories: true)
                if !FileManager.default.fileExists(atPath: path) {
                    try text.write(toFile: path, atomically: false, encoding: .utf8)
                }
            }
            let made = try torpor.succeeding("system", "backup", file, "-o", "json")
            #expect(try made.value("bytes") as Int > 10_000)
        }

        private func withBackup(_ body: (Torpor, String) throws -> Void) throws {
            try TorporFixture.with { torpor in
                let file = Scratch.path("backup")
                defer { unlink(file) }
                try backedUp(torpor, file)
                try body(torpor, file)
            }
        }

        private func waitForRestart(_ torpor: Torpor, functions: Int) throws {
            try becomesTrue("the daemon that begins anew", within: .seconds(20)) {
                try torpor.info().functions == functions
            }
        }

        @Test func isRestoredElsewhere() throws {
            try withBackup { first, file in
                let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
                #expect(mode == 0o600)
                let names = try ChildProcess.run("tar", ["-tf", file]).split(separator: "\n")
                #expect(names.first == "torpor-backup.json")
                #expect(names.contains("torpor.db") && names.contains("volumes/data/file"))
                #expect(!names.contains("secrets/key"))
                #expect(try first.get("/function/hello").text.hasPrefix("kept"), "it serves on")
                #expect(!FileManager.default.fileExists(atPath: "\(first.stateDirectory)/backup-staging"))

                try TorporFixture.with { second in
                    let pid = second.pid
                    let restored = try second.succeeding("system", "restore", file)
                    #expect(restored.output.contains("Restored 1 function,"))
                    #expect(restored.output.contains("The daemon has started anew."))
                    // It waits for that: whatever comes next needs to.
                    #expect(try second.succeeding("list").output.contains("hello"))
                    #expect(try second.info().pid == Int(pid), "the same process begins anew")
                    #expect(try second.get("/function/hello").text.hasPrefix("kept"))
                    #expect(try second.get("/function/hello").warmth == "warm")
                    #expect(Host.text("\(second.stateDirectory)/volumes/data/file") == "of the volume")
                    #expect(!FileManager.default.fileExists(atPath: "\(second.stateDirectory)/restore"))
                }
            }
        }

        @Test func streamsThroughPipes() throws {
            try withBackup { first, file in
                let piped = try first.succeeding("system", "backup", "-").output
                #expect(piped.utf8.count > 10_000)
                try TorporFixture.with { second in
                    let out = Scratch.path("out")
                    defer { unlink(out) }
                    let child = try second.startCLI(
                        ["system", "restore", "-", "-o", "json"], input: file, output: out, errors: out)
                    #expect(try child.wait(.seconds(30)) == 0, "\(Host.text(out))")
                    try waitForRestart(second, functions: 1)
                }
            }
        }

        @Test func nothingIsReplacedUnasked() throws {
            try withBackup { torpor, file in
                try torpor.deploy("later")
                let refused = try torpor.cli("system", "restore", file)
                #expect(refused.status == 1)
                #expect(refused.errors.contains("2 functions are deployed"))
                #expect(refused.errors.contains("--replace"))
                try torpor.succeeding("system", "restore", "--replace", file)
                try waitForRestart(torpor, functions: 1)
                #expect(try torpor.get("/function/hello").status == 200)
                #expect(try torpor.get("/function/later").status == 404)
                let previous = "\(torpor.stateDirectory)/before-restore"
                #expect(FileManager.default.fileExists(atPath: "\(previous)/torpor.db"))
                #expect(
                    FileManager.default.fileExists(atPath: "\(torpor.stateDirectory)/secrets/key"),
                    "the key of this host stays")
            }
        }

        @Test func whatIsWrongWithAFileChangesNothing() throws {
            try withBackup { torpor, file in
                let whole = try [UInt8](Data(contentsOf: URL(filePath: file)))
                var flipped = whole
                flipped[whole.count / 2] ^= 0x40
                let newer = try crafted(
                    #"{"format":99,"version":"9.9.9","createdAt":"2031-01-01T00:00:00Z","functions":0}"#)
                let bad: [(String, [UInt8], String)] = [
                    ("corrupted", flipped, "corrupted"),
                    ("without its end", whole.dropLast(512), "truncated"),
                    ("cut in half", Array(whole[..<(whole.count / 2)]), "truncated"),
                    ("empty", [], "no backup of Torpor's"),
                    ("something else", Array(repeating: 65, count: 100_000), "no backup of Torpor's"),
                    ("newer", newer, "9.9.9"),
                ]
                let path = Scratch.path("bad")
                defer { unlink(path) }
                for (name, bytes, words) in bad {
                    try Data(bytes).write(to: URL(filePath: path))
                    let refused = try torpor.cli("system", "restore", "--replace", path)
                    #expect(refused.status == 1, "\(name)")
                    #expect(refused.errors.contains(words), "\(name): \(refused.errors)")
                    #expect(refused.errors.contains("nothing has changed"), "\(name): \(refused.errors)")
                }
                let missing = try torpor.cli("system", "restore", "/nonexistent")
                #expect(missing.status == 1 && missing.errors.contains("/nonexistent"))
                #expect(try torpor.get("/function/hello").text.hasPrefix("kept"))
                try torpor.succeeding("system", "backup", path)
            }
        }

        /// A whole archive that says this of itself.
        private func crafted(_ head: String) throws -> [UInt8] {
            let directory = try Scratch.makeDirectory("crafted")
            defer { try? FileManager.default.removeItem(atPath: directory) }
            try head.write(
                toFile: "\(directory)/torpor-backup.json", atomically: false, encoding: .utf8)
            let archive = "\(directory)/archive"
            try ChildProcess.run("tar", ["-C", directory, "-cf", archive, "torpor-backup.json"])
            let sum = try ChildProcess.run("sha256sum", [archive]).prefix(64)
            let bytes = try [UInt8](Data(contentsOf: URL(filePath: archive)))
            let end = Array("TORPOR-BACKUP-END 1 sha256:\(sum) \(bytes.count)\n".utf8)
            return bytes + end + [UInt8](repeating: 0, count: 512 - end.count)
        }

        /// The disk that is full is the daemon's own: the snapshot has no room.
        @Test func aFullStateDirectoryLosesNothing() throws {
            try TorporFixture.with(start: false) { torpor in
                let state = torpor.stateDirectory
                try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
                try ChildProcess.run("mount", ["-t", "tmpfs", "-o", "size=32m", "tmpfs", state])
                defer { umount2(state, 2) }
                try torpor.start()
                try torpor.succeeding("namespace", "create", "team")
                // It ends with a disk that is full, and so with an error.
                _ = try? ChildProcess.run("dd", ["if=/dev/zero", "of=\(state)/filler", "bs=64k"])
                let file = Scratch.path("backup")
                defer { unlink(file) }
                let failed = try torpor.cli("system", "backup", file)
                #expect(failed.status == 1)
                let said = failed.errors.lowercased()
                #expect(said.contains("full") || said.contains("no space left"), "\(failed.errors)")
                #expect(!FileManager.default.fileExists(atPath: file))
                #expect(!FileManager.default.fileExists(atPath: "\(state)/backup-staging"))
                #expect(try torpor.succeeding("namespace", "list").output.contains("team"), "it serves on")
                unlink("\(state)/filler")
                try torpor.succeeding("system", "backup", file)
                #expect(try torpor.stop() == 0)
            }
        }

        @Test func aFullDiskLosesNothing() throws {
            try withBackup { torpor, _ in
                let directory = try Scratch.makeDirectory("full")
                defer { try? FileManager.default.removeItem(atPath: directory) }
                try ChildProcess.run("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", directory])
                defer { umount2(directory, 2) }
                try "an earlier one".write(toFile: "\(directory)/b", atomically: false, encoding: .utf8)
                let failed = try torpor.cli("system", "backup", "\(directory)/b")
                #expect(failed.status == 1)
                #expect(failed.errors.contains("No space left on device"), "\(failed.errors)")
                #expect(Host.text("\(directory)/b") == "an earlier one")
                #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["b"])
                // The daemon has noticed that nobody reads any more.
                try becomesTrue("another backup") {
                    let path = Scratch.path("again")
                    defer { unlink(path) }
                    return try torpor.cli("system", "backup", path).status == 0
                }
            }
        }
    }
}
