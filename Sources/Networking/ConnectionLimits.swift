internal import Core
internal import LinuxSystem

/// How many entries of the host's connection tracking functions may take, so that none is short of them but those who
/// take too many: of one instance, and of all together half of the table.
package struct ConnectionLimits: Equatable {
    /// Instances are counted in so many groups at most: to count costs the kernel a walk over what it counts.
    static let mostGroups = 16
    /// A group has at least so many, so that an instance has half as many: fewer groups where the table is small.
    private static let leastOfGroup = 1024

    /// Entries of the host's table; nil where it is not known.
    let tableSize: Int?

    package init(tableSize: Int?) { self.tableSize = tableSize }

    private var half: Int { (tableSize ?? 65536) / 2 }

    /// A power of two.
    package var groups: Int {
        var groups = Self.mostGroups
        while groups > 1, half / groups < Self.leastOfGroup { groups /= 2 }
        return groups
    }

    /// The group of a packet, in the language of nft(8).
    var group: String { "ip saddr and 0.0.0.\(groups - 1)" }
    package var ofGroup: Int { max(64, half / groups) }
    package var ofOne: Int { min(Limits.connectionsPerInstance, ofGroup / 2) }

    static func sizeOfTable() -> Int? {
        guard let text = try? File.text("/proc/sys/net/netfilter/nf_conntrack_max") else { return nil }
        return Int(text.prefix { $0 != "\n" })
    }
}
