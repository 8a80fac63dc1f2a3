/// What may not stand in a source, with the reason that a reader of the failure needs.
enum SourceRules {
    struct Ban: Sendable {
        let word: String
        let reason: String
        /// Modules where it is the right thing.
        var except: Set<String> = []
    }

    /// Who may look at the wall clock.
    private static let clocks: Set<String> = ["Daemon", "Logs", "CommandLineTool"]

    static let bans: [Ban] = [
        Ban(word: "try!", reason: "handle the error"),
        Ban(word: "as!", reason: "handle the other type"),
        Ban(word: "fatalError", reason: "a precondition, or a preconditionFailure with the kernel's promise"),
        Ban(word: "print(", reason: "log it, or write to the output that was passed in"),
        Ban(word: "debugPrint(", reason: "log it"),
        Ban(word: "Date()", reason: "take `now`", except: clocks),
        Ban(word: "Date.now", reason: "take `now`", except: clocks),
        Ban(word: "ContinuousClock()", reason: "take a clock", except: ["Daemon", "CommandLineTool"]),
        Ban(word: "Task.detached", reason: "structured concurrency"),
        Ban(word: "DispatchQueue", reason: "an executor or a thread of its own"),
        Ban(
            word: "import Foundation", reason: "FoundationEssentials is enough, and half the memory",
            except: ["CommandLineTool"]),
    ]

    /// Banned words outside tests.
    static func violations(in file: SourceFile) -> [String] {
        file.lines.flatMap { line in
            bans.filter { ban in
                Code.mentions(ban.word, in: line.code) && !(file.module.map(ban.except.contains) ?? false)
            }.map { "\(file.path):\(line.number): \($0.word): \($0.reason)" }
        }
    }

    /// A value forced out of an optional: `!` after a name, bracket or quote, and before nothing that makes it `!=`.
    /// A declared `T!` is the same promise and is found too.
    static func forcedUnwraps(in file: SourceFile) -> [String] {
        file.lines.compactMap { line in
            let code = Array(line.code.utf8)
            let forced = code.indices.contains { index in
                guard index > 0, code[index] == UInt8(ascii: "!") else { return false }
                let next = index + 1 < code.count ? code[index + 1] : UInt8(ascii: " ")
                return endsOperand(code[index - 1]) && next != UInt8(ascii: "=")
            }
            return forced && !line.code.contains("try!") && !line.code.contains("as!")
                ? "\(file.path):\(line.number): forced unwrap" : nil
        }
    }

    private static func endsOperand(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: ")"), UInt8(ascii: "]"),
            UInt8(ascii: "}"), UInt8(ascii: "\""), UInt8(ascii: "`"), UInt8(ascii: "?"):
            true
        default: false
        }
    }

    /// What the compiler can't check, and how far above it its `// SAFETY:` line may begin.
    static let unchecked = [
        "@unchecked Sendable", "nonisolated(unsafe)", "unsafe", "unsafeBitCast", "unsafeDowncast",
    ]
    static let safetyDistance = 8

    static func missingSafetyComments(in file: SourceFile) -> [String] {
        let lines = file.lines
        return lines.indices.compactMap { index in
            let line = lines[index]
            guard unchecked.contains(where: { Code.mentions($0, in: line.code) }) else { return nil }
            let near = lines[max(0, index - safetyDistance)...index]
            return near.contains { $0.comment.contains("SAFETY:") }
                ? nil : "\(file.path):\(line.number): no // SAFETY: line says why this holds"
        }
    }

    /// Statements that only `Store` writes; looked for in literals, in capitals, as SQL is written.
    static let sql = [
        "SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "CREATE TABLE ", "ALTER TABLE ", "PRAGMA ",
    ]

    static func sqlOutsideStore(in file: SourceFile) -> [String] {
        guard file.module != "Store" else { return [] }
        return file.lines.compactMap { line in
            sql.contains { line.literals.hasPrefix($0) || line.literals.contains(" \($0)") }
                ? "\(file.path):\(line.number): SQL outside Store" : nil
        }
    }
}
