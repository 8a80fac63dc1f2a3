package import Core

/// What a container is called: the name of its directory in the runtime's root.
package struct ContainerID: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// - Throws: `InvalidInput` for what other runtimes would not take either.
    package init(_ text: String) throws(InvalidInput) {
        let isPlain = text.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || [UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: ".")].contains(byte)
        }
        guard isPlain, (1...Limits.containerIDBytes).contains(text.utf8.count), text != ".", text != ".."
        else {
            throw InvalidInput(
                "container id", "'\(text.prefix(80))' is none",
                allowed: "1 to \(Limits.containerIDBytes) letters, digits and _ + - .")
        }
        description = text
    }
}
