/// An IPv4 address as a number, most significant octet first.
package struct IPv4Address: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let number: UInt32
    package init(number: UInt32) { self.number = number }

    /// - Returns: nil unless the text is four decimal numbers of 0 to 255 without leading zeros.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var number: UInt32 = 0
        for part in parts {
            guard part.utf8.count <= 3, part.utf8.allSatisfy({ (48...57).contains($0) }),
                part == "0" || part.first != "0", let octet = UInt8(part)
            else { return nil }
            number = number << 8 | UInt32(octet)
        }
        self.number = number
    }

    package var octets: [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) } }
    package var description: String { octets.map(String.init).joined(separator: ".") }
    package static func < (a: Self, b: Self) -> Bool { a.number < b.number }
}
