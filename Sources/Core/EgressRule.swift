/// Addresses and ports that a function may reach.
package struct EgressRule: Hashable, Sendable {
    package let network: IPv4Address
    package let prefixLength: Int
    /// TCP and UDP ports, ascending as they were given; none is every port of every protocol.
    package let ports: [ClosedRange<UInt16>]

    /// - Parameters:
    ///   - to: `10.0.0.0/8`, or one address.
    ///   - ports: each a port, or the first and the last of a range: `8000-8999`.
    package init(to: String, ports: [String] = []) throws(InvalidInput) {
        let parts = to.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = IPv4Address(parts[0]),
            let length = parts.count == 1 ? 32 : Self.decimal(parts[1], at: 2), (0...32).contains(length)
        else {
            let problem = to.contains(":") ? "is IPv6, which functions do not speak" : "is no network"
            throw InvalidInput(
                "to", "'\(to.prefix(50))' \(problem)", allowed: "IPv4: 10.0.0.0/8, or one address")
        }
        let mask: UInt32 = length == 0 ? 0 : ~0 << (32 - UInt32(length))
        guard address.number & mask == address.number else {
            throw InvalidInput(
                "to", "'\(to)' has host bits set",
                allowed: "\(IPv4Address(number: address.number & mask))/\(length) is the network")
        }
        network = address
        prefixLength = length
        var ranges: [ClosedRange<UInt16>] = []
        for port in ports { ranges.append(try Self.range(port)) }
        self.ports = ranges
    }

    /// `10.0.0.0/8`, with ports `10.0.0.0/8:443,8000-8999`.
    package init(parsing text: String) throws(InvalidInput) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, IPv4Address(parts[0].prefix { $0 != "/" }) != nil else {
            try self.init(to: text)
            return
        }
        let ports = parts[1].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        try self.init(to: String(parts[0]), ports: ports)
    }

    private static func range(_ text: String) throws(InvalidInput) -> ClosedRange<UInt16> {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        guard (1...2).contains(ends.count), let first = decimal(ends[0], at: 5),
            let last = decimal(ends[ends.count - 1], at: 5), (1...65535).contains(first),
            (first...65535).contains(last)
        else {
            throw InvalidInput(
                "ports", "'\(text.prefix(40))' is no port", allowed: "1 to 65535, or a range: 8000-8999")
        }
        return UInt16(first)...UInt16(last)
    }

    /// A number without sign, of so many digits at most.
    private static func decimal(_ text: Substring, at most: Int) -> Int? {
        guard text.utf8.count <= most, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(text)
    }

    /// Networks that no function reaches, whatever its rules: this host, link-local addresses (and with them the
    /// metadata services of clouds), multicast, and what is reserved.
    package static let unreachable = [
        "0.0.0.0/8", "127.0.0.0/8", linkLocal, "224.0.0.0/4", "240.0.0.0/4",
    ]
    /// The host's own name servers may be there: these may be asked, and so named.
    private static let linkLocal = "169.254.0.0/16"
    private var isForNames: Bool { ports == [53...53] }

    func validate() throws(InvalidInput) {
        guard ports.count <= Limits.egressPorts else {
            throw InvalidInput(
                "ports", "\(ports.count) ports and ranges", allowed: "at most \(Limits.egressPorts)")
        }
        for text in Self.unreachable {
            let never = try EgressRule(to: text)
            let isInside =
                prefixLength >= never.prefixLength
                && network.number >> (32 - UInt32(never.prefixLength))
                    == never.network.number >> (32 - UInt32(never.prefixLength))
            guard isInside, !(text == Self.linkLocal && isForNames) else { continue }
            throw InvalidInput(
                "to", "\(networkText) is in \(text), which no function reaches",
                allowed: text == Self.linkLocal
                    ? "another network; or port 53, for this host's name server" : "another network")
        }
    }

    /// The address alone where it is one.
    package var networkText: String { prefixLength == 32 ? "\(network)" : "\(network)/\(prefixLength)" }
    package var portTexts: [String] {
        ports.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
    }
}

extension EgressRule: CustomStringConvertible {
    package var description: String {
        ports.isEmpty ? networkText : "\(networkText):\(portTexts.joined(separator: ","))"
    }
}

/// `{"to": "10.0.0.0/8", "ports": ["443", "8000-8999"]}`; a port may be a number, too.
extension EgressRule: Codable {
    package enum CodingKeys: String, CodingKey, CaseIterable { case to, ports }

    /// A port as a number or as a text.
    private struct Port: Decodable {
        let text: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Int.self) {
                text = "\(number)"
            } else {
                text = try container.decode(String.self)
            }
        }
    }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        let ports = try fields.decodeIfPresent([Port].self, forKey: .ports)
        let to = try fields.decode(String.self, forKey: .to)
        do throws(InvalidInput) {
            if let ports, ports.isEmpty {
                throw InvalidInput(
                    "ports", "is empty", allowed: "at least one port, or no key ports for all")
            }
            try self.init(to: to, ports: (ports ?? []).map(\.text))
        } catch {
            throw error.inside(decoder.codingPath.map(\.stringValue).joined(separator: "."))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(networkText, forKey: .to)
        if !ports.isEmpty { try fields.encode(portTexts, forKey: .ports) }
    }
}
