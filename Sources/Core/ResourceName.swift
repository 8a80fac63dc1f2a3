/// The name of a secret or a volume within its namespace. It becomes the name of a file or directory, so it can be
/// nothing that leads elsewhere.
package struct ResourceName: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let description: String
    package static let rule =
        "letters, digits, '.', '_' and '-', a letter or digit first, at most \(Limits.resourceNameLength)"

    /// - Throws: `InvalidInput` with the rule and an empty path.
    package init(_ name: String) throws(InvalidInput) {
        let bytes = Array(name.utf8)
        guard (1...Limits.resourceNameLength).contains(bytes.count), bytes.allSatisfy(Self.isAllowed),
            bytes[0] != UInt8(ascii: "."), bytes[0] != UInt8(ascii: "-"), bytes[0] != UInt8(ascii: "_")
        else {
            throw InvalidInput("", "'\(name.prefix(80))' is not a valid name", allowed: Self.rule)
        }
        description = name
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    package static func < (a: Self, b: Self) -> Bool { a.description < b.description }
}

extension ResourceName: Codable {
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        do {
            try self.init(text)
        } catch {
            throw error.inside(decoder.codingPath.map(\.stringValue).joined(separator: "."))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// A secret's or a volume's full identity. Printed as `namespace/name`, since names may have dots.
package struct ResourceKey: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let name: ResourceName
    package let namespace: NamespaceName

    package init(name: ResourceName, namespace: NamespaceName = .default) {
        self.name = name
        self.namespace = namespace
    }

    package var description: String { "\(namespace)/\(name)" }
    package static func < (a: Self, b: Self) -> Bool { (a.namespace, a.name) < (b.namespace, b.name) }
}
