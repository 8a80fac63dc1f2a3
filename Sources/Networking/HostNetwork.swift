internal import CLinux
internal import CNetlink
internal import Core
internal import Glibc
internal import LinuxSystem

/// The host's side of the network: bridge, forwarding and firewall. Set up when the pool starts, taken down when it
/// stops. Runs on the pool's own thread, which is in the host's namespace.
struct HostNetwork: ~Copyable {
    let names: BridgeNames
    let subnet: IPv4Subnet
    let bridgeIndex: Int32
    let bridgeAddress: HardwareAddress
    var firewall: Firewall
    let report: NetworkReport
    private let lock: OwnedFD

    /// What marks a bridge as ours, in its `alias`; any other is somebody else's and is left alone.
    private static let mark = "torpor"

    /// - Throws: `InvalidInput` for a subnet or bridge name that is taken; `KernelError` or `NetlinkError` for what
    ///   the kernel refuses.
    init(names: BridgeNames, subnet: IPv4Subnet, netlink: borrowing Netlink) throws {
        let lock = try HostNetwork.lock(names)
        let existing = try HostNetwork.checkPlace(names: names, subnet: subnet, netlink: netlink)
        if existing == nil { try netlink.addBridge(names.bridge, alias: HostNetwork.mark) }
        guard let bridge = try netlink.link(named: names.bridge) else {
            throw NetlinkError(operation: "create bridge", subject: names.bridge, code: NLE_NODEV)
        }
        // Whoever is left on it reaches nothing until the rules are there.
        if existing != nil { try netlink.bringDown(names.bridge) }
        let swept = try HostNetwork.sweep(bridge, names: names, netlink: netlink)
        for old in try netlink.addresses(of: bridge.index) where old.address != subnet.gateway {
            try netlink.removeAddress(old.address, prefixLength: old.prefixLength, from: bridge.index)
        }
        try netlink.addAddress(subnet.gateway, prefixLength: subnet.prefixLength, to: bridge.index)
        // Functions speak IPv4 only; a link-local address of the host's would be one more thing they could reach.
        try? File.write("1", to: "/proc/sys/net/ipv6/conf/\(names.bridge)/disable_ipv6")
        var firewall = Firewall(names: names, subnet: subnet)
        let state = firewall.install()
        // Without rules functions would reach the host's own services: the bridge stays down, and so does egress.
        if case .active = state { try netlink.bringUp(names.bridge) }
        report = NetworkReport(
            bridge: names.bridge, subnet: subnet.description, adopted: existing != nil, swept: swept,
            forwarding: HostNetwork.enableForwarding(), firewall: state,
            foreignDrops: firewall.foreignDrops(),
            capacity: SlotNumbers.capacity(of: subnet))
        bridgeIndex = bridge.index
        bridgeAddress = bridge.hardwareAddress
        self.firewall = firewall
        self.lock = lock
        self.names = names
        self.subnet = subnet
    }

    /// Nil where there is none.
    var activeFirewall: Firewall? {
        if case .active = report.firewall { return firewall }
        return nil
    }

    /// Whether a slot's host end is left.
    borrowing func hasHostEnds(netlink: borrowing Netlink) -> Bool {
        let links = (try? netlink.links()) ?? []
        return links.contains { names.slot(ofHostEnd: $0.name) != nil }
    }

    /// Removes host ends that are left, the bridge, and then the rules: nobody is ever there without them.
    borrowing func tearDown(netlink: borrowing Netlink) {
        defer { firewall.remove() }
        guard let bridge = try? netlink.link(named: names.bridge), bridge.alias == HostNetwork.mark else {
            return
        }
        _ = try? HostNetwork.sweep(bridge, names: names, netlink: netlink)
        try? netlink.delete(names.bridge)
    }

    private static func lock(_ names: BridgeNames) throws -> OwnedFD {
        let result = clinux_abstract_lock(names.lock)
        if result == -EADDRINUSE {
            throw InvalidInput(
                "bridge", "'\(names.bridge)' is in use by another torpord",
                allowed: "another name by --bridge, and another --subnet")
        }
        return OwnedFD(owning: try check(result, "bind", subject: names.lock))
    }

    /// - Returns: the bridge, where an earlier daemon left it.
    /// - Throws: `InvalidInput` where the bridge's name or the subnet is somebody else's.
    @discardableResult
    static func checkPlace(names: BridgeNames, subnet: IPv4Subnet, netlink: borrowing Netlink) throws -> Link?
    {
        let existing = try netlink.link(named: names.bridge)
        try checkOwner(of: existing, names: names)
        try checkSubnet(subnet, bridge: existing?.index, netlink: netlink)
        return existing
    }

    private static func checkOwner(of link: Link?, names: BridgeNames) throws {
        guard let link else { return }
        guard link.kind == "bridge" else {
            throw InvalidInput(
                "bridge", "'\(names.bridge)' is a network interface, and no bridge",
                allowed: "a name that is free, by --bridge")
        }
        guard link.alias == mark else {
            throw InvalidInput(
                "bridge", "'\(names.bridge)' is a bridge that Torpor did not make",
                allowed: "a name that is free, by --bridge, or delete it: ip link delete \(names.bridge)")
        }
    }

    private static func checkSubnet(
        _ subnet: IPv4Subnet, bridge: Int32?, netlink: borrowing Netlink
    ) throws {
        let clash = SubnetClash.find(subnet, among: try netlink.occupiedNetworks(), except: bridge)
        guard let clash else { return }
        let name = try netlink.links().first { $0.index == clash.interface }?.name
        let user = name.map { "interface '\($0)'" } ?? "a route"
        throw InvalidInput(
            "subnet", "\(subnet) overlaps \(clash.subnet), which \(user) of this host uses",
            allowed: "a private network that is free, by --subnet")
    }

    /// Deletes the bridge's ports that an earlier daemon's slots left. Their namespaces may still live.
    private static func sweep(
        _ bridge: Link, names: BridgeNames, netlink: borrowing Netlink
    ) throws -> Int {
        var count = 0
        for link in try netlink.links() where names.slot(ofHostEnd: link.name) != nil && link.kind == "veth" {
            try netlink.delete(link.name)
            count += 1
        }
        return count
    }

    private static func enableForwarding() -> NetworkReport.Forwarding {
        let path = "/proc/sys/net/ipv4/ip_forward"
        do {
            if try File.text(path).hasPrefix("1") { return .alreadyOn }
            try File.write("1", to: path)
            return .turnedOn
        } catch {
            return .failed(reason: "\(error)")
        }
    }
}

/// Whether a subnet is free on this host.
enum SubnetClash {
    /// Prefixes shorter than this stand for "everywhere", as a VPN's 0.0.0.0/1 does.
    static let everywhere = 4

    static func find(
        _ subnet: IPv4Subnet, among occupied: [OccupiedNetwork], except bridge: Int32?
    ) -> OccupiedNetwork? {
        occupied.first { other in
            guard other.interface != bridge || bridge == nil else { return false }
            if other.isRoute, other.subnet.prefixLength < everywhere { return false }
            // A route to nowhere that is wider (a router's blackhole for 10.0.0.0/8) is there to be overridden.
            if other.isRoute, other.interface == 0, other.subnet.prefixLength < subnet.prefixLength {
                return false
            }
            return other.subnet.overlaps(subnet)
        }
    }
}
