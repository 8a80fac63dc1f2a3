internal import Core
internal import LinuxSystem

/// How many entries of the host's connection tracking functions may take, so that none is short of them but those who
/// take too many: of one instance, and of all together half of the table.
struct ConnectionLimits: Equatable {
    /// Instances are counted in so many groups: to count costs the kernel a walk over what it counts.
    static let groups = 16
    /// The group of a packet, in the language of nft(8).
    static let group = "ip saddr and 0.0.0.15"

    /// Entries of the host's table; nil where it is not known.
    let tableSize: Int?

    var ofGroup: Int { max(64, (tableSize ?? 65536) / 2 / Self.groups) }
    var ofOne: Int { min(Limits.connectionsPerInstance, ofGroup / 2) }

    static func sizeOfTable() -> Int? {
        guard let text = try? File.text("/proc/sys/net/netfilter/nf_conntrack_max") else { return nil }
        return Int(text.prefix { $0 != "\n" })
    }
}
