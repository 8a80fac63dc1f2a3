internal import Core

/// Which slots may reach less than everything: one chain of the firewall for each different list of rules, and one
/// element of its map `egress` for each slot that has one. A slot keeps its rules until others are set, so that a
/// function that starts again costs no transaction. Used by the pool's thread.
struct EgressTable {
    private struct Chain {
        let name: String
        var users: Int
    }

    /// Nil where there is no firewall: the bridge is down then, and nobody reaches anything.
    private let firewall: Firewall?
    private var chains: [[EgressRule]: Chain] = [:]
    private var rules: [UInt32: [EgressRule]] = [:]
    private var lastName = 0

    init(_ firewall: Firewall?) { self.firewall = firewall }

    /// Nil where the slot may reach everything that any function may reach.
    func rules(of number: UInt32) -> [EgressRule]? { rules[number] }

    /// Replaces what a slot may reach, at once.
    /// - Throws: when nftables refuses it; then what held before holds.
    mutating func set(_ new: [EgressRule]?, of number: UInt32) throws(InstanceFailure) {
        let old = rules[number]
        if old == new { return }
        if let firewall { try firewall.apply(commands(from: old, to: new, of: number, firewall)) }
        if let old { leave(old) }
        if let new { enter(new) }
        rules[number] = new
    }

    /// What makes all of it in a table that has nothing of it.
    var restoration: String {
        guard let firewall else { return "" }
        var commands = ""
        for (list, chain) in chains { commands += Self.making(list, chain.name, firewall) }
        for (number, list) in rules {
            commands += Self.entering(list, chains[list]?.name, number, firewall)
        }
        return commands
    }

    private static func making(_ list: [EgressRule], _ name: String, _ firewall: Firewall) -> String {
        let table = "inet \(firewall.names.table)"
        var commands = "add chain \(table) \(name)\n"
        for rule in list { commands += "add rule \(table) \(name) \(text(rule)) accept\n" }
        return commands + "add rule \(table) \(name) goto refuse\n"
    }

    private static func entering(
        _ list: [EgressRule], _ chain: String?, _ number: UInt32, _ firewall: Firewall
    ) -> String {
        let address = firewall.subnet.address(ofSlot: number)
        return "add element inet \(firewall.names.table) egress { \(address) : goto \(chain ?? "refuse") }\n"
    }

    private func commands(
        from old: [EgressRule]?, to new: [EgressRule]?, of number: UInt32, _ firewall: Firewall
    ) -> String {
        let table = "inet \(firewall.names.table)"
        let address = firewall.subnet.address(ofSlot: number)
        var commands = ""
        if let new, !new.isEmpty, chains[new] == nil {
            commands += Self.making(new, Self.name(lastName + 1), firewall)
        }
        if old != nil { commands += "delete element \(table) egress { \(address) }\n" }
        if let new {
            let chain = new.isEmpty ? nil : chains[new]?.name ?? Self.name(lastName + 1)
            commands += Self.entering(new, chain, number, firewall)
        }
        if let old, let chain = chains[old], chain.users == 1 {
            commands += "delete chain \(table) \(chain.name)\n"
        }
        return commands
    }

    private static func name(_ number: Int) -> String { "egress-\(number)" }

    private static func text(_ rule: EgressRule) -> String {
        let to = "ip daddr \(rule.networkText)"
        if rule.ports.isEmpty { return rule.prefixLength == 0 ? "" : to }
        let ports = "meta l4proto { tcp, udp } th dport { \(rule.portTexts.joined(separator: ", ")) }"
        return rule.prefixLength == 0 ? ports : "\(to) \(ports)"
    }

    private mutating func enter(_ list: [EgressRule]) {
        if list.isEmpty { return }
        if chains[list] == nil {
            lastName += 1
            chains[list] = Chain(name: Self.name(lastName), users: 0)
        }
        chains[list]?.users += 1
    }

    private mutating func leave(_ list: [EgressRule]) {
        guard let users = chains[list]?.users else { return }
        if users > 1 { chains[list]?.users = users - 1 } else { chains[list] = nil }
    }
}
