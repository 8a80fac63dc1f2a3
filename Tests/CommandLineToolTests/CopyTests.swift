import Testing

@testable import CommandLineTool

/// Where `torpor cp` copies, and whose words are told of what goes wrong.
@Suite struct CopyPlaceTests {
    @Test(arguments: [
        ("hello:/x", CopyPlace.function("hello", path: "/x")),
        ("hello.team:x/y/.", .function("hello.team", path: "/x/y/.")), ("-", .stream),
        ("./a:b", .path("./a:b")), ("/a:b", .path("/a:b")), ("plain", .path("plain")),
    ])
    func places(_ text: String, _ place: CopyPlace) throws {
        #expect(try CopyPlace(text, "SOURCE") == place)
    }

    @Test(arguments: [
        ("/a/b", "b"), ("/a/b/", "b"), ("/a/b//", "b"), ("/a/.", "."), ("a", "a"), (".", "."), ("..", "."),
        ("/", "."), ("/a/..", "."), ("/a/...", "..."),
    ])
    func names(_ path: String, _ name: String) { #expect(CopyPlace.lastName(path) == name) }

    @Test func whoIsHeard() {
        func report(_ source: CopyOutcome, _ sink: CopyOutcome) -> CopyReport {
            CopyReport(source: source, sink: sink)
        }
        let good = CopyOutcome(status: 0)
        let full = CopyOutcome(status: 1, lines: ["x: no space left"])
        let cut = CopyOutcome(status: 3, lines: ["the archive ends too early"])
        let missing = CopyOutcome(status: 1, lines: ["x: no such file"])
        #expect(report(good, good).status == 0)
        // Who writes ends when nobody reads: that is no failure of its own.
        for ended: Int32 in [4, 141] {
            let source = CopyOutcome(status: ended, lines: ["noise"])
            #expect(report(source, full).lines == full.lines && report(source, full).status == 1)
            #expect(report(source, good).status == 0)
        }
        #expect(report(missing, cut).lines == missing.lines && report(missing, cut).status == 1)
        #expect(report(good, cut).isBrokenOff && report(good, cut).status == 3)
        let elsewhere = CopyOutcome(status: 255, isTold: true)
        #expect(report(elsewhere, cut).lines.isEmpty && report(elsewhere, cut).status == 1)
        // Some files could not be read, and the rest is there.
        #expect(report(missing, good).status == 1 && report(missing, good).lines == missing.lines)
        #expect(report(missing, full).lines == missing.lines + full.lines)
    }

    @Test func whatIsSaidMovesNoCursor() {
        let bytes = Array("a\u{1b}[2Jb\r\nc\u{9b}d\u{7f}é\n\n".utf8) + [0xff]
        #expect(Complaints.lines(of: bytes) == ["a?[2Jb?", "c?d?é", "\u{fffd}"])
    }
}
