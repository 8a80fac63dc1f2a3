/// The rule for names of functions and namespaces: a DNS label (RFC 1123, section 2.1), lower case.
package enum NameRule {
    package static let text = "lower-case letters, digits and '-', not at an end, at most 63 characters"

    static func isLabel(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard (1...Limits.nameLength).contains(bytes.count), bytes.first != dash, bytes.last != dash else {
            return false
        }
        return bytes.allSatisfy { $0 == dash || isDigit($0) || (97...122).contains($0) }
    }

    /// Whether the name ends as a revision's does: a dash and five digits.
    static func endsLikeRevision(_ name: String) -> Bool {
        let tail = Array(name.utf8.suffix(6))
        return tail.count == 6 && tail[0] == dash && tail.dropFirst().allSatisfy(isDigit)
    }

    private static let dash = UInt8(ascii: "-")
    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
}

/// The name of a namespace, a DNS label.
package struct NamespaceName: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let description: String
    package static let `default` = NamespaceName(trusted: "default")

    package init(_ name: String) throws(InvalidInput) {
        guard NameRule.isLabel(name) else {
            throw InvalidInput(
                "namespace", "'\(name.prefix(80))' is not a valid name", allowed: NameRule.text)
        }
        description = name
    }

    private init(trusted: String) { description = trusted }
    package static func < (a: Self, b: Self) -> Bool { a.description < b.description }
}

/// A function's full identity: its name within its namespace. Printed as `name.namespace`.
package struct FunctionKey: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let name: String
    package let namespace: NamespaceName

    /// - Throws: `InvalidInput` when the name is no DNS label or ends like a revision's (`-00001`).
    package init(name: String, namespace: NamespaceName = .default) throws(InvalidInput) {
        guard NameRule.isLabel(name) else {
            throw InvalidInput("name", "'\(name.prefix(80))' is not a valid name", allowed: NameRule.text)
        }
        guard !NameRule.endsLikeRevision(name) else {
            throw InvalidInput(
                "name", "'\(name)' ends like a revision's name", allowed: "no '-' and five digits at the end")
        }
        self.name = name
        self.namespace = namespace
    }

    /// Reads `name` or `name.namespace`, as the CLI and the gateway's path take them.
    package init(reference: String) throws(InvalidInput) {
        let parts = reference.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let namespace = try parts.count == 2 ? NamespaceName(String(parts[1])) : NamespaceName.default
        try self.init(name: String(parts[0]), namespace: namespace)
    }

    package var description: String { "\(name).\(namespace)" }
    package static func < (a: Self, b: Self) -> Bool {
        (a.namespace, a.name) < (b.namespace, b.name)
    }
}

/// A revision of a function: `hello-00003` is the third. Numbers start at 1 and are never used again.
package struct RevisionID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let function: FunctionKey
    package let number: Int

    package init(function: FunctionKey, number: Int) {
        precondition(number >= 1, "revision numbers start at 1")
        self.function = function
        self.number = number
    }

    /// The revision's own name, `hello-00003`; the namespace is the function's.
    package var name: String {
        let digits = String(number)
        return "\(function.name)-" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }

    package var description: String { "\(name).\(function.namespace)" }
    package static func < (a: Self, b: Self) -> Bool { (a.function, a.number) < (b.function, b.number) }
}

/// One container of one revision. Unique on this host for good: it names the cgroup, the runtime directory and the
/// log. Twelve lower-case hexadecimal digits.
package struct InstanceID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let description: String

    /// - Returns: nil unless the text is twelve lower-case hexadecimal digits.
    package init?(_ text: String) {
        let digits = text.utf8
        guard digits.count == 12, digits.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
        else {
            return nil
        }
        description = text
    }

    package init(random generator: inout some RandomNumberGenerator) {
        let digits = String(UInt64.random(in: 0..<(1 << 48), using: &generator), radix: 16)
        description = String(repeating: "0", count: 12 - digits.count) + digits
    }

    package static func < (a: Self, b: Self) -> Bool { a.description < b.description }
}
