import CopyProgram
import Foundation
import Glibc
import Testing

/// What comes out of a container may be made to harm whoever copies it.
@Suite struct HostileArchiveTests {
    private struct Case {
        let name: String
        let bytes: [UInt8]
        var told = ""
        /// As a file or directory of the user's choice, not as any archive.
        var isNamed = false

        init(_ name: String, _ entries: [[UInt8]], told: String, isNamed: Bool = false) {
            self.name = name
            bytes = Array(entries.joined()) + tarEnd
            self.told = told
            self.isNamed = isNamed
        }
    }

    private func cases(_ bait: String) -> [Case] {
        let out = "a name that leads out of the archive"
        return [
            Case("dotdot", [tarEntry("../bait/x", content: "evil")], told: out),
            Case("dotdot inside", [tarEntry("a/../../bait/x", content: "evil")], told: out),
            Case(
                "dotdot dir", [tarEntry("./", "5"), tarEntry("../bait/new", "5")], told: out, isNamed: true),
            Case(
                "through its own link", [tarEntry("a", "2", target: bait), tarEntry("a/x", content: "evil")],
                told: "a: is no directory, and links are not followed"),
            Case(
                "through a relative link",
                [tarEntry("a", "2", target: "../bait"), tarEntry("a/new", "5")],
                told: "a: is no directory, and links are not followed"),
            Case("through mine", [tarEntry("mine/x", content: "evil")], told: "links are not followed"),
            Case("over mine as a directory", [tarEntry("mine", "5")], told: "is there, and no directory"),
            Case(
                "through mine by name",
                [tarEntry("./", "5"), tarEntry("./mine/sub/x", content: "evil")],
                told: "links are not followed", isNamed: true),
            Case(
                "hard link out", [tarEntry("a", "1", target: "../bait/secret")],
                told: "a hard link that leads out"),
            Case(
                "hard link through a link",
                [tarEntry("a", "2", target: bait), tarEntry("b", "1", target: "a/secret")],
                told: "links are not followed"),
            Case(
                "hard link as the file", [tarEntry("a", "1", target: "target")],
                told: "a hard link instead of a file", isNamed: true),
            Case(
                "two files for one", [tarEntry("a", content: "x"), tarEntry("b", content: "evil")],
                told: "one file was expected", isNamed: true),
            Case("no name", [tarEntry("/", content: "x", size: 1)], told: "", isNamed: false),
            Case("holes", [tarEntry("a", "S")], told: "a file with holes"),
        ]
    }

    @Test func nothingLeadsOut() throws {
        try CopyFixture.with { fixture in
            let bait = fixture.path("bait")
            try fixture.write("secret", to: "bait/secret")
            for one in cases(bait) {
                _ = try fixture.shell(
                    "rm -rf into; mkdir -p into; ln -s ../bait into/mine; echo t > into/target")
                // Directly below the folder that is there.
                let result = try fixture.extract(
                    "into", as: one.isNamed ? (one.name.contains("mine") ? "." : "named") : nil, one.bytes)
                if !one.told.isEmpty {
                    #expect(result.status == 1 && result.errors.contains(one.told), "\(one.name): \(result)")
                }
                #expect(fixture.names("bait") == ["secret"], "\(one.name)")
                #expect(fixture.text("bait/secret") == "secret", "\(one.name)")
                let left = try fixture.shell("find . -name '.torpor-cp*'")
                #expect(left.isEmpty, "\(one.name): \(left)")
            }
        }
    }

    @Test func whatIsInTheWayIsReplacedNotWrittenThrough() throws {
        try CopyFixture.with { fixture in
            try fixture.write("secret", to: "bait/secret")
            _ = try fixture.shell("mkdir into; ln -s ../bait/secret into/a; ln bait/secret into/b")
            let archive = [
                tarEntry("a", content: "new"), tarEntry("b", content: "new"),
                tarEntry("c", "2", target: "../bait/secret"), tarEntry("c", content: "new"),
                tarEntry("d", content: "d"), tarEntry("e", "1", target: "d"), tarEntry("e", "1", target: "d"),
                tarEntry("e", content: "own"),
            ].joined()
            let result = try fixture.extract("into", Array(archive) + tarEnd)
            #expect(result.status == 0, "\(result)")
            #expect(fixture.text("bait/secret") == "secret")
            for name in ["a", "b", "c"] { #expect(fixture.text("into/\(name)") == "new", "\(name)") }
            #expect(fixture.text("into/d") == "d" && fixture.text("into/e") == "own")
            #expect(try fixture.shell("find into -type l -o -name '.torpor*'") == "")
        }
    }

    @Test func devicesAndModes() throws {
        try CopyFixture.with { fixture in
            _ = try fixture.shell("mkdir into")
            let entries = [
                tarEntry("null", "3"), tarEntry("disk", "4"), tarEntry("pipe", "6"), tarEntry("odd", "Z"),
                tarEntry("root", mode: 0o6755, content: "x"), tarEntry("dir/", "5", mode: 0o7777),
                tarEntry("dir/closed/", "5", mode: 0), tarEntry("dir/closed/x", content: "x"),
                tarEntry("old/", content: ""), tarEntry("deep/er/x", content: "x"),
            ]
            let archive = Array(entries.joined()) + tarEnd
            let result = try fixture.extract("into", archive)
            #expect(result.status == 0, "\(result)")
            #expect(result.errors.split(separator: "\n").count == 4, "\(result.errors)")
            #expect(fixture.names("into") == ["deep", "dir", "old", "root"])
            #expect(
                try fixture.shell("stat -c %a into/root into/dir into/dir/closed into/old")
                    == "755\n1777\n0\n755\n")
            _ = try fixture.shell("chmod 700 into/dir/closed; cat into/dir/closed/x")
            // Where they are asked for, such as into a container, they are kept.
            let kept = try fixture.run(
                .extract(path: fixture.path("into"), name: nil, keepsOwners: false, keepsSetID: true),
                input: tarEntry("root", mode: 0o6755, content: "x") + tarEnd)
            #expect(try kept.status == 0 && fixture.shell("stat -c %a into/root") == "6755\n")
        }
    }

    @Test func whatIsNoArchive() throws {
        try CopyFixture.with { fixture in
            _ = try fixture.shell("mkdir into")
            let whole = tarEntry("a", content: String(repeating: "x", count: 2000))
            let pax = { (text: String) in tarEntry("p", "x", content: text) }
            let cases: [(String, [UInt8], String)] = [
                ("empty", [], "the input is empty"), ("nothing", tarEnd, "the archive is empty"),
                ("short header", Array(whole.prefix(300)), "ends too early"),
                ("short", Array(whole.prefix(1500)), "ends too early"), ("no end", whole, "ends too early"),
                ("garbage", Array(String(repeating: "no archive ", count: 100).utf8), "no tar archive"),
                ("sum", Array("X".utf8) + whole.dropFirst() + tarEnd, "no tar archive"),
                ("pax length", pax("99 path=x\n") + whole + tarEnd, "no tar archive"),
                ("pax no length", pax("path=x\n") + whole + tarEnd, "no tar archive"),
                ("pax no newline", pax("10 path=xy") + whole + tarEnd, "no tar archive"),
                ("pax NUL", pax("12 path=x\0y\n") + whole + tarEnd, "no tar archive"),
                ("pax size", pax("29 size=99999999999999999999\n") + whole + tarEnd, "no tar archive"),
                ("pax huge", tarEntry("p", "x", size: 1 << 30) + tarEnd, "is too long"),
                ("long name", tarEntry("L", "L", size: 1 << 20) + tarEnd, "is too long"),
                (
                    "name too long for a path",
                    pax("6011 path=\(String(repeating: "y", count: 6000))\n") + whole,
                    "no tar archive"
                ),
            ]
            for (name, bytes, told) in cases {
                let result = try fixture.extract("into", bytes)
                #expect(result.status == CopyStatus.noArchive, "\(name): \(result)")
                #expect(result.errors.contains(told), "\(name): \(result.errors)")
                #expect(fixture.names("into")?.contains { $0.hasPrefix(".") } == false, "\(name)")
            }
            #expect(fixture.names("into")?.contains("p") == false)
            // Bytes at random do no harm.
            var generator = SystemRandomNumberGenerator()
            for _ in 0..<50 {
                var bytes = pax("12 path=yes\n") + whole + tarEntry("b", "5") + tarEnd
                for _ in 0..<4 {
                    bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(
                        in: 0...255, using: &generator)
                }
                #expect([0, 1, 3].contains(try fixture.extract("into", bytes).status))
            }
            let deep = String(repeating: "d/", count: 40)
            let entries = (1...300).map { level in
                let record = " path=\(String(repeating: "d/", count: level))\n"
                // The length counts its own digits.
                let length = (1...4).map { record.utf8.count + $0 }.first {
                    record.utf8.count + "\($0)".count == $0
                }
                return pax("\(length ?? 0)\(record)") + tarEntry("d", "5")
            }
            let result = try fixture.extract("into", Array(entries.joined()) + tarEnd)
            #expect(
                result.status == 1 && result.errors.contains("256 directories"),
                "\(result.errors.suffix(200))")
            #expect(fixture.names("into/\(deep)") == ["d"])
        }
    }
}
