internal import ControlAPI
internal import Core
internal import LinuxSystem
internal import Networking
internal import Sandbox

/// What torpord needs of its host, as people are told it.
enum HostChecks {
    static func items(
        _ probe: HostProbe, _ network: NetworkReport, _ names: FunctionNames
    ) -> [CheckItem] {
        probe.findings.map(CheckItem.init) + items(network) + [names.check]
    }

    /// The same without a daemon: what keeps one from starting is among it. Blocks for some milliseconds.
    static func withoutDaemon(_ configuration: Configuration) async -> [CheckItem] {
        guard HostIdentity.isRoot else {
            return [
                CheckItem(
                    name: "privileges", status: .missing, detail: "not root",
                    costs: "the daemon does not start, and nothing else can be looked at",
                    mend: "sudo torpor system check")
            ]
        }
        let probe = HostProbe(
            uidBase: UInt32(configuration.uidBase), images: existing(configuration.imageDirectory))
        do {
            let address = "\(try IPv4Subnet(parsing: configuration.subnet).gateway)"
            return items(
                probe,
                try await NetworkProbe.run(bridge: configuration.bridge, subnet: configuration.subnet),
                FunctionNames(.answered(at: address)))
        } catch {
            return probe.findings.map(CheckItem.init) + [missingBridge(error)]
        }
    }

    private static func missingBridge(_ error: any Error) -> CheckItem {
        var item = CheckItem(
            name: "bridge", status: .missing, detail: "\(error)", costs: "the daemon does not start",
            mend:
                "load the modules bridge and veth, or boot a kernel that has both (CONFIG_BRIDGE, CONFIG_VETH)"
        )
        if let error = error as? InvalidInput {
            (item.detail, item.mend) = ("\(error.path): \(error.problem)", error.allowed)
        }
        return item
    }

    /// Where a directory is, or would be made.
    private static func existing(_ path: String) -> String {
        do {
            _ = try Directory(path: path)
        } catch {
            let slash = path.lastIndex(of: "/") ?? path.startIndex
            if slash > path.startIndex { return existing(String(path[..<slash])) }
        }
        return path
    }

    private static func items(_ report: NetworkReport) -> [CheckItem] {
        var items = [
            // Without it there would be no report.
            CheckItem(
                name: "bridge", status: .ok,
                detail: "\(report.bridge) with \(report.subnet), up to \(report.capacity) instances")
        ]
        switch report.firewall {
        case .active(let table):
            items.append(CheckItem(name: "nftables", status: .ok, detail: "table \(table)"))
        case .unavailable(let reason):
            items.append(
                CheckItem(
                    name: "nftables", status: .missing, detail: reason, costs: "functions have no egress",
                    mend: "apt install nftables, and load the nf_tables kernel module"))
        case .lost(let table, let reason):
            items.append(
                CheckItem(
                    name: "nftables", status: .missing, detail: "tables '\(table)' were removed: \(reason)",
                    costs: "functions have no egress",
                    mend: "nothing if it passes; else see what loads rules on this host, and torpord's log"))
        }
        switch report.forwarding {
        case .alreadyOn, .turnedOn: items.append(CheckItem(name: "ip forwarding", status: .ok, detail: "on"))
        case .failed(let reason):
            items.append(
                CheckItem(
                    name: "ip forwarding", status: .missing, detail: reason,
                    costs: "functions have no egress",
                    mend: "sysctl -w net.ipv4.ip_forward=1"))
        }
        for chain in report.foreignDrops {
            items.append(
                CheckItem(
                    name: "forward policy", status: .warning,
                    detail: "chain '\(chain)' drops forwarded packets",
                    costs: "functions may have no egress",
                    mend: "accept what comes in by '\(report.bridge)' there"))
        }
        return items
    }
}

extension CheckItem {
    fileprivate init(_ finding: HostProbe.Finding) {
        self.init(
            name: finding.name, status: finding.isThere ? .ok : finding.isEssential ? .missing : .warning,
            detail: finding.detail, costs: finding.cost.isEmpty ? nil : finding.cost,
            mend: finding.remedy.isEmpty ? nil : finding.remedy)
    }
}
