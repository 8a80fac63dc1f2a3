internal import Core
internal import Glibc
internal import LinuxSystem

/// Makes and cleans slots. Runs on the pool's own thread.
struct SlotMaker: ~Copyable {
    let host: SharedFD
    let network: HostNetwork
    let netlink: Netlink

    /// A network namespace with its loopback up, and with egress the veth pair, address and default route.
    ///
    /// It belongs to the daemon's user namespace, so that root in a function has no power over it.
    borrowing func make(number: UInt32, egress: Bool) throws -> SharedFD {
        let namespace = try NetworkNamespace.create(host: host)
        try NetworkNamespace.inside(namespace, host: host) {
            try SlotMaker.prepare(egress: egress)
        }
        guard egress else { return namespace }
        let hostEnd = network.names.hostEnd(ofSlot: number)
        try netlink.addVeth(hostEnd: hostEnd, bridge: network.bridgeIndex, peerNamespace: namespace)
        do {
            try netlink.isolatePort(hostEnd)
            // A port of a bridge needs no address of its own, IPv6's included.
            try? File.write("1", to: "/proc/sys/net/ipv6/conf/\(hostEnd)/disable_ipv6")
            try netlink.bringUp(hostEnd)
            try NetworkNamespace.inside(namespace, host: host) {
                try SlotMaker.connect(
                    address: network.subnet.address(ofSlot: number), subnet: network.subnet)
            }
        } catch {
            try? netlink.delete(hostEnd)
            throw error
        }
        return namespace
    }

    /// Destroys what TCP sockets are left, of instances and of the gateway. A second look makes sure.
    borrowing func clean(_ namespace: SharedFD) throws {
        try NetworkNamespace.inside(namespace, host: host) {
            for _ in 0..<Limits.slotCleanings {
                // The kernel lists sockets by a walk through all of the host's: 50 times dearer than to count them.
                if SocketCount.ofThread()?.isZero ?? false { return }
                if try NetworkNamespace.destroySockets() == 0 { return }
            }
            throw KernelError("SOCK_DESTROY", subject: "sockets keep appearing", code: EBUSY)
        }
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

    private static func connect(address: IPv4Address, subnet: IPv4Subnet) throws {
        let inside = try Netlink()
        guard let device = try inside.link(named: "eth0") else {
            throw KernelError("veth", subject: "eth0", code: ENODEV)
        }
        try inside.addAddress(address, prefixLength: subnet.prefixLength, to: device.index)
        try inside.bringUp("eth0")
        try inside.addDefaultRoute(via: subnet.gateway, through: device.index)
    }
}
