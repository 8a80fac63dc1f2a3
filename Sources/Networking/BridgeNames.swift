package import Core

/// The bridge's name, and the names that derive from it, so that several daemons live side by side on one host.
package struct BridgeNames: Hashable, Sendable {
    /// Bytes of an interface's name: IFNAMSIZ less its NUL.
    package static let longest = 15
    /// Highest number in a host end's name: more than `Limits.bridgePorts` and four digits.
    package static let highestSlot: UInt32 = 9999

    package let bridge: String
    /// What the host ends' names start with, its final dot included.
    private let prefix: String

    /// - Throws: `InvalidInput` unless it is a letter and letters, digits, `_` or `-`, at most 15.
    package init(bridge: String) throws(InvalidInput) {
        let bytes = Array(bridge.utf8)
        guard (1...Self.longest).contains(bytes.count), Self.isLetter(bytes[0]),
            bytes.allSatisfy({ Self.isLetter($0) || (48...57).contains($0) || $0 == 45 || $0 == 95 })
        else {
            throw InvalidInput(
                "bridge", "'\(bridge.prefix(40))' is not a valid name",
                allowed: "a letter, then letters, digits, '-' or '_', at most \(Self.longest)")
        }
        self.bridge = bridge
        let room = Self.longest - 5
        prefix = bytes.count <= room ? "\(bridge)." : "\(bridge.prefix(room - 3))\(Self.digits(of: bytes))."
    }

    /// The end of a slot's veth pair that is a port of the bridge: `torpor0.12`. A long bridge's name is cut and told
    /// apart by three characters of its hash.
    package func hostEnd(ofSlot number: UInt32) -> String {
        precondition(number <= Self.highestSlot, "a host end's name has four digits at most")
        return "\(prefix)\(number)"
    }

    /// All host ends, as nft(8) matches interfaces by the beginning of their name.
    package var hostEnds: String { "\(prefix)*" }

    /// The slot whose host end has this name; nil when it is none of ours.
    package func slot(ofHostEnd name: String) -> UInt32? {
        guard name.hasPrefix(prefix) else { return nil }
        let digits = name.dropFirst(prefix.count)
        guard let number = UInt32(digits), number <= Self.highestSlot, hostEnd(ofSlot: number) == name else {
            return nil
        }
        return number
    }

    /// The nftables table: the bridge's name, where it cannot be a word of the language.
    package var table: String { bridge.hasPrefix("torpor") ? bridge : "torpor-\(bridge)" }

    /// The abstract socket that a running daemon holds for its bridge.
    package var lock: String { "torpor-bridge:\(bridge)" }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (97...122).contains(byte) || (65...90).contains(byte)
    }

    /// Three digits of base 36 of the name's FNV-1a hash.
    private static func digits(of name: [UInt8]) -> String {
        let hash = name.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let text = String(hash % 46_656, radix: 36)
        return String(repeating: "0", count: 3 - text.count) + text
    }
}
