internal import CLinux
internal import LinuxSystem

/// Tells whether the firewall's tables are still those that were made: whoever loads rules of their own often removes
/// all others first. In the network namespace of the thread that makes it.
struct FirewallWatch {
    /// What tells a table from any later one of its name.
    private struct Handles: Equatable {
        var inet: Int64
        var bridge: Int64
    }

    // NFPROTO_INET and NFPROTO_BRIDGE of linux/netfilter.h, which no module has.
    private static let (inet, bridge): (UInt8, UInt8) = (1, 7)

    private let socket: SharedFD
    private let table: String
    private var own: Handles

    /// Takes the tables that are there for the firewall's.
    init(_ firewall: Firewall) throws(KernelError) {
        socket = SharedFD(OwnedFD(owning: try check(clinux_nft_watch(), "watch nftables")))
        table = firewall.names.table
        own = Self.handles(firewall.names.table)
    }

    /// For waiting: readable once somebody has changed any rule of this host.
    var descriptor: Int32 { socket.raw }

    /// Whether there may have been a change since the last call: errors count as one.
    func mayHaveChanged() -> Bool { clinux_nft_changed(socket.raw) != 0 }

    /// Whether the tables are there, and the same.
    func isIntact() -> Bool {
        let now = Self.handles(table)
        return now == own && now.inet >= 0 && now.bridge >= 0
    }

    /// Takes the tables that are there for the firewall's.
    mutating func adopt() { own = Self.handles(table) }

    private static func handles(_ table: String) -> Handles {
        Handles(
            inet: clinux_nft_table(Self.inet, table),
            bridge: clinux_nft_table(Self.bridge, table))
    }
}
