package import Core

/// A file of environment variables: OpenFaaS's YAML with a mapping `environment`, or by any other name than `*.yml` and
/// `*.yaml` Docker's lines `NAME=VALUE`, with `#` before remarks.
package enum EnvironmentFile {
    /// - Parameter name: as the user gave it, for messages.
    package static func parse(_ bytes: [UInt8], name: String) throws(InvalidInput) -> [String: String] {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw InvalidInput("", "\(name) is not UTF-8")
        }
        guard name.hasSuffix(".yml") || name.hasSuffix(".yaml") else { return try lines(text, name) }
        do throws(Misplaced) {
            return try yaml(text)
        } catch {
            throw InvalidInput("", "\(name):\(error.line): \(error.problem)")
        }
    }

    private static func yaml(_ text: String) throws(Misplaced) -> [String: String] {
        var result: [String: String] = [:]
        for document in try YAMLDocuments.parse(text) {
            let top = try YAMLMapping(document, path: "")
            try top.refuseUnknown(known: ["environment"])
            result.merge(try top["environment"]?.textMap() ?? [:]) { _, later in later }
        }
        return result
    }

    private static func lines(_ text: String, _ name: String) throws(InvalidInput) -> [String: String] {
        var result: [String: String] = [:]
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        for (index, line) in lines.enumerated() {
            let line = line.drop { $0 == " " || $0 == "\t" }
            if line.isEmpty || line.hasPrefix("#") { continue }
            guard let sign = line.firstIndex(of: "="), sign != line.startIndex else {
                throw InvalidInput("", "\(name):\(index + 1): is no variable", allowed: "NAME=VALUE")
            }
            result[String(line[..<sign])] = String(line[line.index(after: sign)...])
        }
        return result
    }
}
