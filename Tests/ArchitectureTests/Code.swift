/// A line of Swift, taken apart: what the compiler acts on, and what it does not.
struct CodeLine: Sendable, Equatable {
    let number: Int
    /// Without comments, and with the content of string literals left out.
    var code = ""
    var comment = ""
    /// The content of string literals.
    var literals = ""
}

/// Takes a source apart line by line. Interpolations count as literal text: the style keeps them short.
enum Code {
    private enum Place: Equatable {
        case code, lineComment
        case blockComment(depth: Int)
        case string(quotes: Int, hashes: Int)
    }

    static func lines(of text: String) -> [CodeLine] {
        var lines = [CodeLine(number: 1)]
        var place = Place.code
        let bytes = Array(text.utf8)
        var at = 0
        func starts(_ text: StaticString, at index: Int) -> Bool {
            text.withUTF8Buffer { wanted in
                index + wanted.count <= bytes.count
                    && wanted.indices.allSatisfy { bytes[index + $0] == wanted[$0] }
            }
        }
        func run(of byte: UInt8, from index: Int) -> Int {
            bytes[index...].prefix { $0 == byte }.count
        }
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\n") {
                if place == .lineComment { place = .code }
                lines.append(CodeLine(number: lines.count + 1))
                at += 1
                continue
            }
            let last = lines.count - 1
            let character = Character(UnicodeScalar(byte))
            switch place {
            case .code:
                if starts("//", at: at) {
                    place = .lineComment
                    at += 2
                } else if starts("/*", at: at) {
                    place = .blockComment(depth: 1)
                    at += 2
                } else {
                    let hashes = byte == UInt8(ascii: "#") ? run(of: byte, from: at) : 0
                    let quotes = run(of: UInt8(ascii: "\""), from: at + hashes)
                    if quotes > 0 {
                        // Two quotes are an empty literal, three open a literal of many lines.
                        let opening = quotes >= 3 ? 3 : 1
                        lines[last].code += "\"\""
                        if quotes != 2 { place = .string(quotes: opening, hashes: hashes) }
                        at += hashes + (quotes == 2 ? 2 : opening)
                    } else {
                        lines[last].code.append(character)
                        at += 1
                    }
                }
            case .lineComment:
                lines[last].comment.append(character)
                at += 1
            case .blockComment(let depth):
                if starts("*/", at: at) {
                    place = depth == 1 ? .code : .blockComment(depth: depth - 1)
                    at += 2
                } else if starts("/*", at: at) {
                    place = .blockComment(depth: depth + 1)
                    at += 2
                } else {
                    lines[last].comment.append(character)
                    at += 1
                }
            case .string(let quotes, let hashes):
                if byte == UInt8(ascii: "\\"), hashes == 0 {
                    lines[last].literals.append(character)
                    at += 2
                } else if run(of: UInt8(ascii: "\""), from: at) >= quotes,
                    run(of: UInt8(ascii: "#"), from: at + quotes) >= hashes
                {
                    place = .code
                    at += quotes + hashes
                } else {
                    lines[last].literals.append(character)
                    at += 1
                }
            }
        }
        return lines
    }

    /// Whether `word` stands in `code` with no letter, digit or underscore before it, nor after it where it ends in one.
    static func mentions(_ word: String, in code: String) -> Bool {
        var rest = Substring(code)
        while let range = rest.firstRange(of: word) {
            let before = rest[..<range.lowerBound].last ?? (rest.startIndex == code.startIndex ? " " : "_")
            let after = rest[range.upperBound...].first ?? " "
            if !isWord(before), !(isWord(word.last ?? " ") && isWord(after)) { return true }
            rest = rest[range.upperBound...]
        }
        return false
    }

    private static func isWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_"
    }
}
