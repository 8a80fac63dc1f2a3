package import Core

/// The addresses of a bridge: the first is the gateway's (the bridge's own), every other host part is a slot's number.
package struct IPv4Subnet: Hashable, Sendable, CustomStringConvertible {
    package let network: IPv4Address
    package let prefixLength: Int

    /// Reads `10.88.0.0/16`.
    /// - Throws: `InvalidInput` unless it is a network address with 8 to 29 bits, so that at least five slots fit.
    package init(parsing text: String) throws(InvalidInput) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let rule = "an IPv4 network such as 10.88.0.0/16, with 8 to 29 bits"
        guard parts.count == 2, let address = IPv4Address(parts[0]), parts[1].utf8.count <= 2,
            parts[1].first != "+",
            let length = UInt8(parts[1]), (8...29).contains(length)
        else {
            throw InvalidInput("subnet", "'\(text.prefix(40))' is not a subnet", allowed: rule)
        }
        let network = IPv4Address(number: address.number & Self.mask(Int(length)))
        guard network == address else {
            throw InvalidInput(
                "subnet", "'\(text)' has host bits set", allowed: "\(network)/\(length) is the network")
        }
        self.init(network: network, prefixLength: Int(length))
    }

    /// Host bits are cut off. - Precondition: `prefixLength` is 0 to 32.
    package init(network: IPv4Address, prefixLength: Int) {
        precondition((0...32).contains(prefixLength), "a prefix has at most 32 bits")
        self.network = IPv4Address(number: network.number & Self.mask(prefixLength))
        self.prefixLength = prefixLength
    }

    /// The bridge's own address, the slots' default gateway.
    package var gateway: IPv4Address { IPv4Address(number: network.number + 1) }
    /// Numbers of the slots that have an address here: from 2 to the last before the broadcast address.
    package var slotNumbers: ClosedRange<UInt32> { 2...(~Self.mask(prefixLength) - 1) }

    /// - Precondition: the number is in `slotNumbers`.
    package func address(ofSlot number: UInt32) -> IPv4Address {
        precondition(slotNumbers.contains(number), "a slot's number is its host part")
        return IPv4Address(number: network.number + number)
    }

    package func contains(_ address: IPv4Address) -> Bool {
        address.number & Self.mask(prefixLength) == network.number
    }

    package func overlaps(_ other: IPv4Subnet) -> Bool {
        let shorter = Self.mask(min(prefixLength, other.prefixLength))
        return network.number & shorter == other.network.number & shorter
    }

    package var description: String { "\(network)/\(prefixLength)" }

    private static func mask(_ length: Int) -> UInt32 { length == 0 ? 0 : ~0 << (32 - UInt32(length)) }
}
