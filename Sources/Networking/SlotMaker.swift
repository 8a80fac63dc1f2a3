internal import CLinux
internal import Core
internal import Glibc
internal import LinuxSystem

/// Makes and cleans slots. Runs on the pool's own thread.
struct SlotMaker: ~Copyable {
    let host: SharedFD
    var network: HostNetwork
    let netlink: Netlink
    /// The highest number whose packets the firewall knows; numbers are used in their order.
    private(set) var admitted: UInt32 = 1
    /// Packets that each slot's functions had sent when it was last clean; none where that is not known.
    private var sent: [UInt32: UInt64] = [:]

    init(host: SharedFD, network: consuming HostNetwork, netlink: consuming Netlink) {
        self.host = host
        self.network = network
        self.netlink = netlink
    }

    /// A network namespace with its loopback up, and with egress the veth pair, address and default route.
    ///
    /// It belongs to the daemon's user namespace, so that root in a function has no power over it.
    mutating func make(number: UInt32, egress: Bool) throws -> SharedFD {
        let namespace = try NetworkNamespace.create(host: host)
        try NetworkNamespace.inside(namespace, host: host) {
            try SlotMaker.prepare(egress: egress)
        }
        guard egress else { return namespace }
        try admit(number)
        sent[number] = 0
        let hostEnd = network.names.hostEnd(ofSlot: number)
        let address = network.subnet.address(ofSlot: number)
        let hardware = HardwareAddress(of: address)
        try netlink.addVeth(
            hostEnd: hostEnd, bridge: network.bridgeIndex, peerNamespace: namespace, peerAddress: hardware)
        do {
            let port = try netlink.isolatePort(hostEnd)
            try netlink.addForwarding(to: hardware, by: port)
            try netlink.addNeighbour(address, at: hardware, on: network.bridgeIndex)
            // A port of a bridge needs no address of its own, IPv6's included.
            try? File.write("1", to: "/proc/sys/net/ipv6/conf/\(hostEnd)/disable_ipv6")
            try netlink.bringUp(hostEnd)
            try NetworkNamespace.inside(namespace, host: host) {
                try SlotMaker.connect(
                    address: address, gateway: network.subnet.gateway, at: network.bridgeAddress)
            }
        } catch {
            try? netlink.delete(hostEnd)
            throw error
        }
        return namespace
    }

    /// Tells the firewall of the slot's address, and of the next ones': see `Firewall.admission`.
    private mutating func admit(_ number: UInt32) throws {
        guard number > admitted, let firewall = network.activeFirewall else { return }
        let last = min(
            max(number, admitted + Limits.slotsPerAdmission), network.subnet.slotNumbers.upperBound,
            BridgeNames.highestSlot)
        try firewall.apply(firewall.admission(of: (admitted + 1)...last))
        admitted = last
    }

    /// Destroys what TCP sockets are left, of instances and of the gateway, and has the host forget the connections that
    /// went through it.
    mutating func clean(_ namespace: SharedFD, number: UInt32) throws {
        let sent = try NetworkNamespace.inside(namespace, host: host) {
            try SlotMaker.destroySockets()
            return PacketCount.sentByThread(device: "eth0")
        }
        guard network.subnet.slotNumbers.contains(number) else { return }
        // Whoever sent nothing left none. A look at the table is a walk through all of the host's.
        if let sent, sent == self.sent[number] { return }
        try check(
            clinux_conntrack_forget(network.subnet.address(ofSlot: number).octets), "forget connections")
        self.sent[number] = sent
    }

    /// A second look makes sure.
    private static func destroySockets() throws {
        for _ in 0..<Limits.slotCleanings {
            // The kernel lists sockets by a walk through all of the host's: 50 times dearer than to count them.
            if SocketCount.ofThread()?.isZero ?? false { return }
            if try NetworkNamespace.destroySockets() == 0 { return }
        }
        throw KernelError("SOCK_DESTROY", subject: "sockets keep appearing", code: EBUSY)
    }

    private static func prepare(egress: Bool) throws {
        try NetworkNamespace.bringUp("lo")
        // A function without capabilities may listen on port 80, ping, and leaves no TIME_WAIT to the next one.
        try File.write("0", to: "/proc/sys/net/ipv4/ip_unprivileged_port_start")
        try File.write("0", to: "/proc/sys/net/ipv4/tcp_max_tw_buckets")
        do {
            try File.write("0 2147483647", to: "/proc/sys/net/ipv4/ping_group_range")
        } catch {
            // In a user namespace that maps one group only that one is a valid range.
            guard error.code == EINVAL else { throw error }
            try File.write("0 0", to: "/proc/sys/net/ipv4/ping_group_range")
        }
        guard egress else { return }
        // eth0 will inherit it; ::1 on loopback, which exists already, stays. A kernel without IPv6 needs neither.
        try? File.write("1", to: "/proc/sys/net/ipv6/conf/default/disable_ipv6")
        try? File.write("0", to: "/proc/sys/net/ipv6/conf/default/accept_ra")
    }

    /// The address stands alone, and its only neighbour is the gateway, who is written down: the function's packets all
    /// go there, and it can fill no table of neighbours, which the host's interfaces share.
    private static func connect(
        address: IPv4Address, gateway: IPv4Address, at hardware: HardwareAddress
    ) throws {
        let inside = try Netlink()
        guard let device = try inside.link(named: "eth0") else {
            throw KernelError("veth", subject: "eth0", code: ENODEV)
        }
        try inside.addAddress(address, prefixLength: 32, to: device.index)
        try inside.bringUp("eth0")
        try inside.addHostRoute(to: gateway, through: device.index)
        try inside.addNeighbour(gateway, at: hardware, on: device.index)
        try inside.addDefaultRoute(via: gateway, through: device.index)
    }
}
