import Foundation

/// A text file of the repository.
struct SourceFile: Sendable {
    /// Relative to the repository's root: `Sources/Core/Limits.swift`.
    let path: String
    let text: String
    /// Taken apart once, where the rules read them: below `Sources`.
    let lines: [CodeLine]

    init(path: String, text: String) {
        self.path = path
        self.text = text
        lines = path.hasPrefix("Sources/") ? Code.lines(of: text) : []
    }

    /// The target a Swift or C source belongs to: the folder below `Sources`.
    var module: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }

    /// By its extension, or for a program without one by its first line.
    var isShell: Bool {
        let name = path.split(separator: "/").last ?? ""
        return name.hasSuffix(".sh")
            || !name.dropFirst().contains(".")
                && (text.hasPrefix("#!/usr/bin/env bash") || text.hasPrefix("#!/bin/sh"))
    }

    /// Lines that are more than blank or comment.
    var statementLines: Int {
        lines.count { !$0.code.allSatisfy(\.isWhitespace) || !$0.literals.isEmpty }
    }

    var lineCount: Int { text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().count }
}

/// The tree that these tests belong to.
enum Repository {
    static let root = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }

    static let swift = files(in: ["Sources", "Tests", "Plugins"]) { $0.hasSuffix(".swift") }
    static let sources = swift.filter { $0.path.hasPrefix("Sources/") }
    static let c = files(in: ["Sources", "examples", "scripts"]) { $0.hasSuffix(".c") || $0.hasSuffix(".h") }
    static let shell = files(in: ["scripts", "rootfs", "examples", ".ci"]) { _ in true }.filter(\.isShell)

    private static func files(in folders: [String], where wanted: (String) -> Bool) -> [SourceFile] {
        var found: [SourceFile] = []
        for folder in folders {
            let base = "\(root)/\(folder)/"
            guard let walk = FileManager.default.enumerator(atPath: base) else { continue }
            for case let path as String in walk {
                if path.hasSuffix("/rootfs") || path.hasSuffix(".build") {
                    walk.skipDescendants()
                    continue
                }
                guard wanted(path),
                    let text = try? String(contentsOfFile: base + path, encoding: .utf8)
                else { continue }
                found.append(SourceFile(path: "\(folder)/\(path)", text: text))
            }
        }
        return found.sorted { $0.path < $1.path }
    }
}
