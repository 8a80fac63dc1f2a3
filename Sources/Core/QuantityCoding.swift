// Quantities travel in JSON as users write them: "128Mi", "500m", "60s", "never".

extension ByteCount: Codable {
    package init(from decoder: any Decoder) throws {
        self = try decodeText(decoder) { text throws(InvalidInput) in try ByteCount(parsing: text) }
    }
    package func encode(to encoder: any Encoder) throws { try encodeText(description, encoder) }
}

extension CPUQuantity: Codable {
    package init(from decoder: any Decoder) throws {
        self = try decodeText(decoder) { text throws(InvalidInput) in try CPUQuantity(parsing: text) }
    }
    package func encode(to encoder: any Encoder) throws { try encodeText(description, encoder) }
}

extension IdleTime: Codable {
    package init(parsing text: String) throws(InvalidInput) {
        self = text == "never" ? .never : .after(try DurationText.parse(text))
    }
    package var description: String {
        switch self {
        case .never: "never"
        case .after(let duration): DurationText.format(duration)
        }
    }
    package init(from decoder: any Decoder) throws {
        self = try decodeText(decoder) { text throws(InvalidInput) in try IdleTime(parsing: text) }
    }
    package func encode(to encoder: any Encoder) throws { try encodeText(description, encoder) }
}

extension NamespaceName: Codable {
    package init(from decoder: any Decoder) throws {
        self = try decodeText(decoder) { text throws(InvalidInput) in try NamespaceName(text) }
    }
    package func encode(to encoder: any Encoder) throws { try encodeText(description, encoder) }
}

extension InstanceID: Codable {
    package init(from decoder: any Decoder) throws {
        self = try decodeText(decoder) { text throws(InvalidInput) in
            guard let id = InstanceID(text) else {
                throw InvalidInput("", "'\(text.prefix(40))' is no instance")
            }
            return id
        }
    }
    package func encode(to encoder: any Encoder) throws { try encodeText(description, encoder) }
}

private func decodeText<T>(_ decoder: any Decoder, _ parse: (String) throws(InvalidInput) -> T) throws -> T {
    let text = try decoder.singleValueContainer().decode(String.self)
    do {
        return try parse(text)
    } catch {
        throw error.inside(decoder.codingPath.map(\.stringValue).joined(separator: "."))
    }
}

private func encodeText(_ text: String, _ encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
}
