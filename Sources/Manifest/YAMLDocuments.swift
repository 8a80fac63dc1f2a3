internal import Core
internal import Yams

/// Text to nodes, within bounds. libyaml refuses more than 1,000 levels of nesting, and an alias shares what
/// it names, so that aliases cost nothing until somebody walks through them. Yams does, where one stands in a
/// mapping's key.
enum YAMLDocuments {
    static func parse(_ text: String) throws(Misplaced) -> [Node] {
        guard text.utf8.count <= Limits.manifestBytes else {
            throw Misplaced(
                0, "", "\(text.utf8.count) bytes", allowed: "at most \(Limits.manifestBytes)")
        }
        try refuseAliasesInKeys(Array(text.utf8))
        do {
            // Without a resolver every scalar is text, as the fields of a manifest decide their types
            // themselves.
            let parser = try Parser(yaml: text, resolver: .basic)
            var documents: [Node] = []
            while let document = try parser.nextRoot() {
                if case .scalar(let scalar) = document, scalar.string.isEmpty { continue }
                documents.append(document)
            }
            return documents
        } catch let error as YamlError {
            throw explain(error, text)
        } catch {
            throw Misplaced(0, "", "is not YAML: \(error)")
        }
    }

    /// Looks at bytes alone, so it may see an alias or a key inside of a quoted text; only files that have
    /// both are refused.
    private static func refuseAliasesInKeys(_ bytes: [UInt8]) throws(Misplaced) {
        var aliases = 0
        var line = 1
        var composite: Int?
        for index in bytes.indices {
            let byte = bytes[index]
            if byte == newline { line += 1 }
            let startsToken = index == 0 || delimiters.contains(bytes[index - 1])
            let next = index + 1 < bytes.count ? bytes[index + 1] : newline
            if byte == UInt8(ascii: "*"), startsToken, !blanks.contains(next) {
                aliases += 1
                let end =
                    bytes[index...].firstIndex { delimiters.contains($0) && $0 != colon } ?? bytes.endIndex
                if isKeyEnd(bytes, end) || bytes[end - 1] == colon { composite = composite ?? line }
            } else if byte == UInt8(ascii: "?"), startsToken, blanks.contains(next) {
                composite = composite ?? line
            } else if byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}"), isKeyEnd(bytes, index + 1) {
                composite = composite ?? line
            }
        }
        if let composite, aliases > 0 {
            throw Misplaced(composite, "", "a key is not a plain text", allowed: "texts as keys")
        }
        guard aliases <= Limits.manifestAliases else {
            throw Misplaced(0, "", "\(aliases) aliases", allowed: "at most \(Limits.manifestAliases)")
        }
    }

    /// Whether, after blanks, a colon follows.
    private static func isKeyEnd(_ bytes: [UInt8], _ start: Int) -> Bool {
        var index = start
        while index < bytes.count, bytes[index] == UInt8(ascii: " ") || bytes[index] == UInt8(ascii: "\t") {
            index += 1
        }
        return index < bytes.count && bytes[index] == colon
    }

    private static let newline = UInt8(ascii: "\n")
    private static let colon = UInt8(ascii: ":")
    private static let blanks = Set(" \t\r\n".utf8)
    private static let delimiters = Set(" \t\r\n[]{},:-?".utf8)

    private static func explain(_ error: YamlError, _ text: String) -> Misplaced {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        switch error {
        case .scanner(_, _, let mark, _) where isIndentedWithTab(lines, mark.line):
            return Misplaced(mark.line, "", "a tab: YAML is indented with spaces")
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return Misplaced(mark.line, "", "is not YAML: \(problem)")
        case .duplicatedKeysInMapping(let keys, let context):
            let key = keys.first ?? ""
            let line = lineOfSecond(key, lines, context.mark)
            let first = line == context.mark.line ? "" : ": already in line \(context.mark.line)"
            return Misplaced(line, "", "the key '\(key.prefix(60))' stands twice\(first)")
        case .reader(let problem, _, _, _): return Misplaced(0, "", "is not YAML: \(problem)")
        default: return Misplaced(0, "", "is not YAML")
        }
    }

    private static func isIndentedWithTab(_ lines: [Substring], _ line: Int) -> Bool {
        guard lines.indices.contains(line - 1) else { return false }
        return lines[line - 1].prefix { $0 == " " || $0 == "\t" }.contains("\t")
    }

    /// Where a key stands again below `first`, in the same column; the line of the first where that is not seen.
    private static func lineOfSecond(_ key: String, _ lines: [Substring], _ first: Mark) -> Int {
        for index in lines.indices.dropFirst(first.line) {
            let line = lines[index]
            let content = line.drop { $0 == " " }
            guard line.count - content.count == first.column - 1 else { continue }
            if ["\(key):", "\"\(key)\":", "'\(key)':"].contains(where: content.hasPrefix) {
                return index + 1
            }
        }
        return first.line
    }
}
