package import Core

/// Properties of the container's unit that its annotations ask for: `org.systemd.property.NAME`, the value as GVariant
/// writes it (runc, docs/systemd.md), of the kinds that engines use: `true`, `5`, `uint64 5`, `'text'`, `['a', 'b']`. Pure.
package enum SystemdAnnotations {
    private static let prefix = "org.systemd.property."

    /// - Throws: `InvalidInput` for a value of another kind.
    package static func properties(
        _ annotations: [String: String]
    ) throws(InvalidInput) -> [SystemdProperty] {
        var properties: [SystemdProperty] = []
        for (key, value) in annotations.sorted(by: { $0.key < $1.key }) where key.hasPrefix(prefix) {
            let name = String(key.dropFirst(prefix.count))
            let isName = name.utf8.allSatisfy { (65...90).contains($0) || (97...122).contains($0) }
            guard isName, name.utf8.count >= 3 else {
                throw InvalidInput("annotations.\(key)", "names no property", allowed: "letters")
            }
            guard let property = property(name, value) else {
                throw InvalidInput(
                    "annotations.\(key)", "'\(value.prefix(80))' cannot be read",
                    allowed: "true, 5, uint64 5, 'text' or ['text', 'text']")
            }
            properties.append(property)
        }
        return properties
    }

    private static let types = [
        "byte": "y", "int16": "n", "uint16": "q", "int32": "i", "uint32": "u", "int64": "x", "uint64": "t",
    ]

    private static func property(_ name: String, _ value: String) -> SystemdProperty? {
        let words = value.split(separator: " ").map(String.init)
        var type = "i"
        var number = words.last ?? ""
        if words.count == 2, let known = types[words[0]] {
            type = known
        } else if words.count > 1 {
            number = ""
        }
        // systemd has seconds under this name only in its files; on the bus all times are microseconds.
        if name.hasSuffix("Sec"), !name.hasSuffix("USec"), let seconds = UInt64(number),
            seconds < UInt64.max / 1_000_000
        {
            return SystemdProperty(String(name.dropLast(3)) + "USec", seconds * 1_000_000)
        }
        if value == "true" || value == "false" { return SystemdProperty(name, value == "true") }
        if Int64(number) != nil || UInt64(number) != nil {
            return SystemdProperty(name, words: [type, number])
        }
        if value.hasPrefix("["), value.hasSuffix("]") {
            var texts: [String] = []
            for part in value.dropFirst().dropLast().split(separator: ",") {
                guard let text = text(part) else { return nil }
                texts.append(text)
            }
            return SystemdProperty(name, words: ["as", "\(texts.count)"] + texts)
        }
        return text(Substring(value)).map { SystemdProperty(name, $0) }
    }

    /// In quotes of either kind, with none inside.
    private static func text(_ part: Substring) -> String? {
        var part = part
        while part.first == " " { part.removeFirst() }
        while part.last == " " { part.removeLast() }
        guard part.count >= 2, let quote = part.first, quote == "'" || quote == "\"", part.last == quote
        else {
            return nil
        }
        let inner = part.dropFirst().dropLast()
        return inner.contains(quote) || inner.contains("\\") ? nil : String(inner)
    }
}
