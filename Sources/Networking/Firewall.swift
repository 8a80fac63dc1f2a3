internal import CLinux
internal import Core
internal import Glibc
internal import LinuxSystem

/// One nftables table of our own: address translation for egress, and isolation from the host, from other networks
/// behind it and from each other. It is replaced at start and removed at stop, each in one transaction.
package struct Firewall {
    let names: BridgeNames
    let subnet: IPv4Subnet

    /// The commands that replace the table. `add` before `delete` so that the deletion finds one.
    var rules: String {
        """
        add table inet \(names.table)
        delete table inet \(names.table)
        table inet \(names.table) {
            chain input {
                type filter hook input priority filter; policy accept;
                iifname "\(names.bridge)" ct state established,related accept
                iifname "\(names.bridge)" drop
            }
            chain forward {
                type filter hook forward priority filter; policy accept;
                iifname "\(names.bridge)" oifname "\(names.bridge)" drop
                iifname "\(names.bridge)" ip saddr \(subnet) accept
                iifname "\(names.bridge)" drop
                oifname "\(names.bridge)" ct state established,related accept
                oifname "\(names.bridge)" drop
            }
            chain postrouting {
                type nat hook postrouting priority srcnat; policy accept;
                ip saddr \(subnet) oifname != "\(names.bridge)" masquerade
            }
        }

        """
    }

    func install() -> NetworkReport.Firewall {
        let result = Firewall.run(rules)
        switch result.code {
        case 0: return .active(table: names.table)
        case -ENOENT: return .unavailable(reason: "libnftables.so.1 cannot be loaded")
        default: return .unavailable(reason: "nftables refused the rules: \(result.text)")
        }
    }

    func remove() {
        // `add` makes it succeed when somebody else removed the table.
        _ = Firewall.run("add table inet \(names.table)\ndelete table inet \(names.table)\n")
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
