/// What the host's network lets Torpor do: shown at start and by `torpor system check`.
package struct NetworkReport: Sendable, Hashable {
    package enum Forwarding: Sendable, Hashable {
        case alreadyOn
        /// It was off; it stays on when the daemon stops, because others may have come to need it.
        case turnedOn
        /// Functions have no egress.
        case failed(reason: String)
    }

    /// Address translation and isolation by nftables.
    package enum Firewall: Sendable, Hashable {
        case active(table: String)
        /// Functions have no egress: without rules they would reach the host, so their bridge is kept down.
        case unavailable(reason: String)
        /// They were removed while the daemon runs, and are not back yet: the bridge is down.
        case lost(table: String, reason: String)
    }

    package var bridge: String
    package var subnet: String
    /// Whether an earlier daemon had left the bridge.
    package var adopted: Bool
    /// Host ends of slots that an earlier daemon had left, removed now.
    package var swept: Int
    package var forwarding: Forwarding
    package var firewall: Firewall
    /// Chains of others that drop what is forwarded unless told otherwise, as `family table chain`.
    package var foreignDrops: [String]
    /// Slots that can exist at once.
    package var capacity: Int

    /// One sentence for each thing that is not as it should be: what it costs, and how to mend it.
    package var problems: [String] {
        var found: [String] = []
        if case .failed(let reason) = forwarding {
            found.append("functions have no egress: \(reason); set net.ipv4.ip_forward=1")
        }
        if case .unavailable(let reason) = firewall {
            found.append("functions have no egress: \(reason); install nftables (libnftables1)")
        }
        if case .lost(let table, let reason) = firewall {
            found.append("functions have no egress: nftables tables '\(table)' were removed: \(reason)")
        }
        for chain in foreignDrops {
            found.append(
                "chain '\(chain)' drops forwarded packets, so functions may have no egress; "
                    + "accept what comes in by interface '\(bridge)', and its answers, there")
        }
        return found
    }
}
