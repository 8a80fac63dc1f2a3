internal import Core
internal import Yams

/// The key `network` of one function.
enum NetworkReader {
    static func network(_ field: YAMLEntry) throws(Misplaced) -> NetworkSpec {
        switch field.node {
        case .scalar: return try field.choice(NetworkMode.self) == .none ? .none : .default
        case .mapping: break
        default: throw field.mistyped("default, none, or a mapping with egress")
        }
        let fields = try field.mapping()
        try fields.refuseUnknown(known: ManifestKeys.names(in: "network"))
        guard let egress = fields["egress"] else {
            throw field.misplaced("names no egress", allowed: "egress: open, none, or a list of rules")
        }
        if case .scalar = egress.node { return try egress.choice(EgressWord.self).network }
        var rules: [EgressRule] = []
        for entry in try egress.elements() { rules.append(try rule(entry)) }
        return .egress(rules)
    }

    private static func rule(_ entry: YAMLEntry) throws(Misplaced) -> EgressRule {
        if case .scalar = entry.node {
            let text = try entry.text()
            return try entry.checked { () throws(InvalidInput) in try EgressRule(parsing: text) }
        }
        let fields = try entry.mapping()
        try fields.refuseUnknown(known: ["to", "ports"])
        guard let to = try fields["to"]?.text() else {
            throw entry.misplaced("does not say where to", allowed: "to: 10.0.0.0/8")
        }
        var ports: [String] = []
        for port in try fields["ports"]?.elements() ?? [] { ports.append(try port.text()) }
        if let field = fields["ports"], ports.isEmpty {
            throw field.misplaced("is empty", allowed: "at least one port, or no key ports for all")
        }
        return try entry.checked { () throws(InvalidInput) in try EgressRule(to: to, ports: ports) }
    }
}
