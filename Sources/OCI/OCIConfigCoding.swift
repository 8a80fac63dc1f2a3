package import Core
internal import FoundationEssentials

extension OCIConfig {
    /// Reads a `config.json` and checks every value by itself; `HonouredFields.check` is the second step.
    /// - Parameter ids: how many ids of users and groups there are.
    /// - Throws: `InvalidInput` that names the key, also for a file that is too long or too deep.
    package static func parse(
        _ bytes: [UInt8], ids: UInt32 = Limits.containerIDs
    ) throws(InvalidInput) -> OCIConfig {
        guard bytes.count <= Limits.ociConfigBytes else {
            throw InvalidInput(
                "config.json", "has more than \(Limits.ociConfigBytes) bytes",
                allowed: "at most \(ByteCount(Int64(Limits.ociConfigBytes)))")
        }
        try JSONShape.check(bytes)
        let config: OCIConfig
        do {
            config = try JSONDecoder().decode(OCIConfig.self, from: Data(bytes))
        } catch let error as InvalidInput {
            throw error
        } catch let error as DecodingError {
            var explained = explain(error)
            if explained.path.isEmpty { explained.path = "config.json" }
            throw explained
        } catch {
            throw InvalidInput("config.json", "is no JSON: \(error)")
        }
        try config.validate(ids: ids)
        return config
    }

    /// The canonical form: JSON with sorted keys, no spaces, no keys but those that the types know.
    package func serialised() throws(InvalidInput) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(self))
        } catch {
            throw InvalidInput("config.json", "cannot be written as JSON: \(error)")
        }
    }

    private static func explain(_ error: DecodingError) -> InvalidInput {
        switch error {
        case .typeMismatch(let type, let context):
            InvalidInput(ConfigPath.text(context.codingPath), "has the wrong type", allowed: words(for: type))
        case .valueNotFound(let type, let context):
            InvalidInput(ConfigPath.text(context.codingPath), "is null", allowed: words(for: type))
        case .keyNotFound(let key, let context):
            InvalidInput(ConfigPath.text(context.codingPath + [key]), "is missing")
        case .dataCorrupted(let context) where context.codingPath.isEmpty:
            InvalidInput("config.json", "is no JSON: \(context.underlyingError ?? error)")
        case .dataCorrupted(let context):
            InvalidInput(ConfigPath.text(context.codingPath), context.debugDescription)
        @unknown default:
            InvalidInput("config.json", "cannot be read: \(error)")
        }
    }

    private static func words(for type: any Any.Type) -> String {
        if type == String.self { return "a string" }
        if type == Bool.self { return "true or false" }
        if type is any BinaryInteger.Type { return "a whole number that \(type) holds" }
        if type is [Any].Type || "\(type)".hasPrefix("Array<") { return "an array" }
        return "an object"
    }
}

/// Looks at the brackets of a JSON text before anything recursive reads it.
private enum JSONShape {
    static func check(_ bytes: [UInt8]) throws(InvalidInput) {
        var depth = 0
        var insideString = false
        var escaped = false
        for byte in bytes {
            if byte == 0 { throw InvalidInput("config.json", "has a NUL byte", allowed: "JSON in UTF-8") }
            if insideString {
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else if byte == UInt8(ascii: "\"") {
                    insideString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): insideString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            if depth > Limits.ociConfigDepth {
                throw InvalidInput(
                    "config.json", "is nested too deep", allowed: "at most \(Limits.ociConfigDepth) levels")
            }
        }
    }
}
