internal import ControlAPI

/// JSON values as YAML: blocks, sorted keys, quotes wherever a plain text could be read as something else.
enum YAMLText {
    static func text(_ value: JSONValue) -> String { block(value, indent: 0) }

    private static func block(_ value: JSONValue, indent: Int) -> String {
        let margin = String(repeating: " ", count: indent)
        switch value {
        case .object(let fields) where !fields.isEmpty:
            return fields.sorted { $0.key < $1.key }.map { key, value in
                "\(margin)\(string(key)):" + nested(value, indent: indent + 2)
            }.joined()
        case .array(let values) where !values.isEmpty:
            return values.map { value in
                guard case .object(let fields) = value, !fields.isEmpty else {
                    return "\(margin)-" + nested(value, indent: indent + 2)
                }
                return "\(margin)- " + block(value, indent: indent + 2).dropFirst(indent + 2)
            }.joined()
        default: return "\(margin)\(scalar(value))\n"
        }
    }

    private static func nested(_ value: JSONValue, indent: Int) -> String {
        switch value {
        case .object(let fields) where !fields.isEmpty: "\n" + block(value, indent: indent)
        case .array(let values) where !values.isEmpty: "\n" + block(value, indent: indent)
        default: " \(scalar(value))\n"
        }
    }

    private static func scalar(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool(let found): "\(found)"
        case .integer(let found): "\(found)"
        case .number(let found): "\(found)"
        case .string(let found): string(found)
        case .array: "[]"
        case .object: "{}"
        }
    }

    private static func string(_ text: String) -> String {
        let isPlain =
            text.utf8.first.map { (97...122).contains($0 | 32) || $0 == UInt8(ascii: "/") } ?? false
            && text.utf8.allSatisfy { plainBytes.contains($0) } && !reserved.contains(text.lowercased())
        return isPlain ? text : quoted(text)
    }

    private static let plainBytes = Set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./@+=".utf8)
    private static let reserved: Set = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]

    /// As JSON quotes, which YAML reads the same.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            case _ where scalar.value < 32 || (127..<160).contains(scalar.value):
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
