internal import CLinux
internal import Core
internal import Glibc
internal import LinuxSystem

/// Two nftables tables of our own, which are replaced at start and removed at stop, each in one transaction.
///
/// The one of the family `bridge` lets through nothing but IPv4 from the hardware and network address that belong to
/// the port it came by. So the one of the family `inet`, which keeps functions from what they may not reach and
/// translates addresses, can tell them apart by their addresses. Each defence is a chain by itself, named for what it
/// defends.
package struct Firewall {
    let names: BridgeNames
    let subnet: IPv4Subnet
    var settings = HostSettings()
    var limits = ConnectionLimits(tableSize: nil)

    /// What may never be reached: the functions' own network, and what is no address of another host.
    private var reserved: String { ([subnet.description] + EgressRule.unreachable).joined(separator: ", ") }

    private var flood: String {
        "limit rate over \(Limits.nameQueryRate)/second burst \(Limits.nameQueryBurst) packets"
    }

    /// The commands that replace the tables. `add` before `delete` so that the deletion finds one.
    var rules: String {
        """
        \(removal)
        \(portRules)
        table inet \(names.table) {
            map egress {
                type ipv4_addr : verdict;
            }
            set gateway-ports {
                type inet_service;
            }
            set name-ports {
                type inet_service;
            }
            set name-servers {
                type ipv4_addr;
            }
            set askers {
                type ipv4_addr; size \(BridgeNames.highestSlot); flags dynamic;
            }
            set connections-of-one {
                type ipv4_addr; size \(BridgeNames.highestSlot); flags dynamic;
            }
            set connections-of-all {
                type ipv4_addr; size \(ConnectionLimits.mostGroups); flags dynamic;
            }
            chain queries {
                type filter hook prerouting priority raw; policy accept;
                iifname "\(names.bridge)" ip daddr \(subnet.gateway) udp dport @name-ports notrack
            }
            chain answers {
                type filter hook output priority raw; policy accept;
                oifname "\(names.bridge)" ip saddr \(subnet.gateway) udp sport @name-ports notrack
            }
            chain prerouting {
                type filter hook prerouting priority mangle; policy accept;
                iifname "\(names.bridge)" jump from-functions
            }
            chain from-functions {
                jump sources
                ct direction reply ct state established,related accept
                jump gateway
                jump host
                jump reserved
                jump connections
                ip saddr vmap @egress
            }
            chain sources {
                ip saddr != \(subnet) drop
                meta nfproto != ipv4 drop
            }
            chain gateway {
                ip daddr \(subnet.gateway) meta l4proto tcp ct state established accept
                ip daddr \(subnet.gateway) tcp dport @gateway-ports jump connections
                ip daddr \(subnet.gateway) tcp dport @gateway-ports accept
                ip daddr \(subnet.gateway) udp dport @name-ports jump names
            }
            chain names {
                add @askers { ip saddr \(flood) } drop
                accept
            }
            chain host {
                fib daddr type != unicast reject with icmp admin-prohibited
            }
            chain reserved {
                ip daddr @name-servers meta l4proto { tcp, udp } th dport 53 return
                ip daddr { \(reserved) } reject with icmp admin-prohibited
            }
            chain connections {
                ct state new add @connections-of-one { ip saddr ct count over \(limits.ofOne) } jump refuse
                ct state new add @connections-of-all { \(limits.group) ct count over \(limits.ofGroup) } jump refuse
            }
            chain refuse {
                reject with icmp admin-prohibited
            }
            chain input {
                type filter hook input priority filter; policy accept;
                ip daddr \(subnet.gateway) iifname != { "\(names.bridge)", "lo" } drop
                iifname "\(names.bridge)" jump input-of-functions
            }
            chain input-of-functions {
                ct direction reply ct state established,related accept
                ip daddr \(subnet.gateway) meta l4proto tcp ct state established accept
                ip daddr \(subnet.gateway) tcp dport @gateway-ports accept
                ip daddr \(subnet.gateway) udp dport @name-ports accept
                drop
            }
            chain forward {
                type filter hook forward priority filter; policy accept;
                iifname "\(names.bridge)" ct original ip daddr \(subnet.gateway) drop
                oifname "\(names.bridge)" ct state established,related accept
                oifname "\(names.bridge)" drop
            }
            chain postrouting {
                type nat hook postrouting priority srcnat; policy accept;
                ip saddr \(subnet) oifname != "\(names.bridge)" masquerade
            }
        }
        \(settingCommands)
        """
    }

    /// The commands that make the settings hold, whatever held before.
    var settingCommands: String {
        let (table, servers) = ("inet \(names.table)", settings.nameServers.joined(separator: ", "))
        var commands = ["gateway-ports", "name-ports", "name-servers"].map { "flush set \(table) \($0)\n" }
            .joined()
        if let port = settings.gatewayPort { commands += "add element \(table) gateway-ports { \(port) }\n" }
        if settings.answersNames {
            for set in ["gateway-ports", "name-ports"] { commands += "add element \(table) \(set) { 53 }\n" }
        }
        if !servers.isEmpty { commands += "add element \(table) name-servers { \(servers) }\n" }
        return commands
    }

    private var portRules: String {
        """
        table bridge \(names.table) {
            set ports {
                type ifname . ether_addr . ipv4_addr;
            }
            chain ports {
                type filter hook prerouting priority -300; policy accept;
                iifname "\(names.hostEnds)" iifname . ether saddr . ip saddr @ports accept
                iifname "\(names.hostEnds)" drop
            }
        }
        """
    }

    private var removal: String {
        """
        add table inet \(names.table)
        delete table inet \(names.table)
        add table bridge \(names.table)
        delete table bridge \(names.table)
        """
    }

    /// What lets packets of these slots in: one transaction for many, since loading the library takes most of it.
    func admission(of slots: ClosedRange<UInt32>) -> String {
        let elements = slots.map { number in
            let address = subnet.address(ofSlot: number)
            return "\"\(names.hostEnd(ofSlot: number))\" . \(HardwareAddress(of: address)) . \(address)"
        }
        return "add element bridge \(names.table) ports { \(elements.joined(separator: ", ")) }\n"
    }

    /// - Parameter also: further commands, of the same transaction.
    mutating func install(also commands: String = "") -> NetworkReport.Firewall {
        // The kernel has a table of connections, and tells its size, once a rule needs it.
        if ConnectionLimits.sizeOfTable() == nil { _ = Firewall.run(rules) }
        limits = ConnectionLimits(tableSize: ConnectionLimits.sizeOfTable())
        let result = Firewall.run(rules + commands)
        switch result.code {
        case 0: return .active(table: names.table)
        case -ENOENT: return .unavailable(reason: "libnftables.so.1 cannot be loaded")
        default: return .unavailable(reason: "nftables refused the rules: \(result.text)")
        }
    }

    /// Runs commands in one transaction.
    func apply(_ commands: String) throws(InstanceFailure) {
        let result = Firewall.run(commands)
        guard result.code != 0 else { return }
        let reason = result.text.isEmpty ? "\(KernelError("nft", code: -result.code))" : result.text
        throw InstanceFailure(
            phase: .create, cause: "NoSlot", message: "nftables refused the rules: \(reason)")
    }

    func remove() {
        // `add` makes it succeed when somebody else removed the table.
        _ = Firewall.run(removal)
    }

    /// Chains of others that drop forwarded packets by their policy: a packet that we accept must pass them too.
    func foreignDrops() -> [String] {
        Firewall.droppingForwardChains(Firewall.run("list chains").output).filter {
            !$0.hasPrefix("inet \(names.table) ")
        }
    }

    /// Reads what `nft list chains` prints. Returns `family table chain`.
    package static func droppingForwardChains(_ listing: String) -> [String] {
        var table = ""
        var chain = ""
        var found: [String] = []
        for line in listing.split(separator: "\n") {
            let words = line.split { $0 == " " || $0 == "\t" }
            if words.count >= 3, words[0] == "table" { table = words[1...2].joined(separator: " ") }
            if words.count >= 2, words[0] == "chain" { chain = String(words[1]) }
            let text = words.joined(separator: " ")
            if text.contains("hook forward"), text.contains("policy drop") {
                found.append("\(table) \(chain)")
            }
        }
        return found
    }

    private static func run(_ commands: String) -> (code: Int32, text: String, output: String) {
        var text = [CChar](repeating: 0, count: 2048)
        var output = [CChar](repeating: 0, count: Limits.firewallListingBytes)
        let code = clinux_nft_run(commands, &text, text.count, &output, output.count)
        return (code, string(text), string(output))
    }

    private static func string(_ characters: [CChar]) -> String {
        let bytes = characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
