/// The two kinds of network slots.
package enum NetworkMode: String, Codable, Sendable, CaseIterable {
    /// An interface on the bridge, from which packets leave by NAT.
    case `default`
    /// Loopback only.
    case none
}

/// What a function may reach on the network.
package enum NetworkSpec: Hashable, Sendable {
    /// What the host reaches, by NAT; never the host itself, another function, or link-local addresses.
    case `default`
    /// Nothing: it has no interface but loopback.
    case none
    /// The gateway, and what one of the rules names; with no rule the gateway alone.
    case egress([EgressRule])

    package var mode: NetworkMode { self == .none ? .none : .default }

    /// Nil where everything may be reached that a function may reach at all, or where there is no interface.
    package var rules: [EgressRule]? {
        if case .egress(let rules) = self { return rules }
        return nil
    }

    package func validate() throws(InvalidInput) {
        guard let rules else { return }
        guard rules.count <= Limits.egressRules else {
            throw InvalidInput(
                "network.egress", "\(rules.count) rules", allowed: "at most \(Limits.egressRules)")
        }
        for (index, rule) in rules.enumerated() {
            do { try rule.validate() } catch { throw error.inside("network.egress[\(index)]") }
        }
    }
}

extension NetworkSpec: CustomStringConvertible {
    /// For people: `default`, `none`, `egress none`, `egress 10.0.0.0/8:443, 192.0.2.1`.
    package var description: String {
        switch self {
        case .default: "default"
        case .none: "none"
        case .egress([]): "egress none"
        case .egress(let rules): "egress " + rules.map(\.description).joined(separator: ", ")
        }
    }
}

/// The words that stand in the place of a list of rules.
package enum EgressWord: String, CaseIterable, Sendable {
    case open, none

    package var network: NetworkSpec { self == .open ? .default : .egress([]) }
}

/// `"default"`, `"none"`, or `{"egress": …}` with `"open"`, `"none"` or a list of rules.
extension NetworkSpec: Codable {
    package enum CodingKeys: String, CodingKey, CaseIterable { case egress }

    package init(from decoder: any Decoder) throws {
        if let word = try? decoder.singleValueContainer().decode(String.self) {
            switch word {
            case "default": self = .default
            case "none": self = .none
            default: throw Self.wrong("'\(word.prefix(40))' is no network", decoder)
            }
            return
        }
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        if let word = try? fields.decode(String.self, forKey: .egress) {
            guard let word = EgressWord(rawValue: word) else {
                throw Self.wrong("'\(word.prefix(40))' is no egress", decoder)
            }
            self = word.network
        } else {
            self = .egress(try fields.decode([EgressRule].self, forKey: .egress))
        }
    }

    private static func wrong(_ problem: String, _ decoder: any Decoder) -> InvalidInput {
        InvalidInput(
            decoder.codingPath.map(\.stringValue).joined(separator: "."), problem,
            allowed: "default, none, or egress: open, none, or a list of rules")
    }

    package func encode(to encoder: any Encoder) throws {
        guard let rules else {
            var container = encoder.singleValueContainer()
            return try container.encode(mode.rawValue)
        }
        var fields = encoder.container(keyedBy: CodingKeys.self)
        if rules.isEmpty {
            try fields.encode(EgressWord.none.rawValue, forKey: .egress)
        } else {
            try fields.encode(rules, forKey: .egress)
        }
    }
}
