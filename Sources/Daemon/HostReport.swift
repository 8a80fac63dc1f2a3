internal import ControlAPI
internal import Core
internal import LinuxSystem
internal import Networking
internal import Sandbox

/// What the daemon found on its host: for `system info` and `system check`, and to refuse limits that it cannot enforce.
struct HostReport: Sendable {
    let configuration: Configuration
    let listen: ListenAddress
    let adminListen: ListenAddress?
    let sandboxes: SandboxRuntime
    let slots: SlotPool
    /// What containers need of the host, as found at start.
    let probe: HostProbe
    let startedAt: Timestamp

    func info(_ reading: DaemonReading) -> SystemInfo {
        let kernel = HostIdentity.kernel()
        return SystemInfo(
            version: TorporVersion.current, pid: HostIdentity.processID, startedAt: startedAt,
            uptimeSeconds: TimeText.timestamp().unixSeconds - startedAt.unixSeconds,
            stateDirectory: configuration.stateDirectory, runDirectory: configuration.runDirectory,
            gateway: "\(listen)", kernel: kernel.release, architecture: kernel.machine,
            rootless: sandboxes.facts.isRootless,
            functions: reading.functions, instances: reading.instances,
            cgroup: SystemInfo.Cgroup(
                path: sandboxes.cgroupPath, controllers: sandboxes.controllers.sorted(),
                canFreeze: sandboxes.hasCgroups),
            slots: reading.slots, activity: SystemInfo.Activity(reading),
            adminListen: adminListen.map { "\($0)" })
    }

    func checks() -> [CheckItem] { probe.findings.map(CheckItem.init) + networkChecks }

    func address(of slot: SlotID) -> String? { slots.address(of: slot) }

    /// Limits that were asked for and do not hold here (`limits: besteffort`; otherwise such a deploy is refused).
    func warnings(_ limits: LimitSpec, _ ociConfig: [UInt8]) -> [String] {
        guard configuration.limits == .besteffort else { return [] }
        return sandboxes.unenforceable(limits, ociConfig).map {
            "\($0.limit) is not enforced: this host has no cgroup v2 controller '\($0.controller)'"
        }
    }

    private var networkChecks: [CheckItem] {
        let report = slots.report
        var items = [
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
