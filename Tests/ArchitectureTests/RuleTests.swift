import Testing

/// Each rule finds what it is for, and nothing else: shown on made-up sources.
@Suite struct RuleTests {
    private func file(_ text: String, in module: String = "Core") -> SourceFile {
        SourceFile(path: "Sources/\(module)/Example.swift", text: text)
    }

    @Test(arguments: [
        ("import Gateway", "Core", 1), ("internal import Gateway\npackage import Sandbox", "Orchestrator", 2),
        ("@testable import Store", "Scaling", 1), ("import struct GRDB.Row", "Daemon", 1),
        ("internal import CLinux", "Gateway", 1), ("internal import Core", "Scaling", 0),
        ("// import Gateway", "Core", 0), ("let text = \"import Gateway\"", "Core", 0),
        ("import Core", "Unheard", 1),
    ])
    func imports(text: String, module: String, count: Int) {
        #expect(ImportRules.violations(in: file(text, in: module)).count == count)
    }

    @Test(arguments: [
        ("let a = try! f()", 1), ("let a = b as! C", 1), ("fatalError()", 1), ("  print(\"x\")", 1),
        ("Task.detached { }", 1), ("DispatchQueue.main", 1), ("let now = Date()", 1),
        ("import Foundation", 1),
        ("import FoundationEssentials", 0), ("// print(x)", 0), ("/* fatalError() */", 0),
        ("\"try! it, print(it)\"", 0), ("fingerprint(x)", 0), ("output.print(x)", 1), ("NSDate().x", 0),
        ("let t = \"\"\"\n print(\n \"\"\"", 0), ("let u = #\"a \" print(\"#", 0), ("\"\\\" print(\"", 0),
    ])
    func bans(text: String, count: Int) {
        #expect(SourceRules.violations(in: file(text)).count == count)
    }

    @Test func theWallClockIsForItsAdapters() {
        #expect(SourceRules.violations(in: file("Date()", in: "Daemon")).isEmpty)
        #expect(SourceRules.violations(in: file("Date()", in: "Orchestrator")).count == 1)
    }

    @Test(arguments: [
        ("a!", 1), ("f()!.b", 1), ("a[0]! + 1", 1), ("var a: Int!", 1), ("a != b", 0), ("!a", 0),
        ("a && !b", 0),
        ("a! == b", 1), ("\"so!\"", 0), ("// a!", 0), ("if !(a) {", 0), ("a!=b", 0),
    ])
    func forcedUnwraps(text: String, count: Int) {
        #expect(SourceRules.forcedUnwraps(in: file(text)).count == count)
    }

    @Test(arguments: [
        ("final class A: @unchecked Sendable {}", 1), ("nonisolated(unsafe) var a = 1", 1),
        ("let a = unsafe b", 1), ("// SAFETY: one thread only.\nfinal class A: @unchecked Sendable {}", 0),
        ("let a = 1 // unsafe", 0), ("let unsafely = 1", 0),
        ("// SAFETY: far away.\n" + String(repeating: "\n", count: 9) + "nonisolated(unsafe) var a = 1", 1),
    ])
    func safety(text: String, count: Int) {
        #expect(SourceRules.missingSafetyComments(in: file(text)).count == count)
    }

    @Test func sql() {
        #expect(SourceRules.sqlOutsideStore(in: file("let a = \"SELECT id FROM x\"")).count == 1)
        #expect(
            SourceRules.sqlOutsideStore(in: file("db(\"\"\"\n  CREATE TABLE x (id)\n  \"\"\")")).count == 1)
        #expect(SourceRules.sqlOutsideStore(in: file("let a = \"SELECT id\"", in: "Store")).isEmpty)
        #expect(SourceRules.sqlOutsideStore(in: file("\"please UPDATED\" // SELECT ")).isEmpty)
    }

    @Test func lines() {
        #expect(file("/* a\n b */\n\nint c; // d\n#define E\n").statementLines == 2)
        #expect(SourceFile(path: "a.swift", text: "a\nb\n").lineCount == 2)
        #expect(SourceFile(path: "scripts/test", text: "#!/usr/bin/env bash\n").isShell)
        #expect(!SourceFile(path: "scripts/notes.md", text: "#!/usr/bin/env bash\n").isShell)
    }
}
