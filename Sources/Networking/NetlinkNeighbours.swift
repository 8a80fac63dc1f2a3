internal import CNetlink
internal import Core

// Who is where is written down, so that nobody has to ask, and no answer is believed.
extension Netlink {
    /// The hardware address of a neighbour, for good: ARP neither asks for it nor changes it.
    func addNeighbour(_ address: IPv4Address, at hardware: HardwareAddress, on interface: Int32) throws {
        try add(hardware, on: interface, "\(address)") { neighbour in
            rtnl_neigh_set_family(neighbour, AF_INET)
            try Netlink.withAddress(address) { _ = rtnl_neigh_set_dst(neighbour, $0) }
        }
    }

    /// Frames for this hardware address leave the bridge by this port, for good.
    func addForwarding(to hardware: HardwareAddress, by port: Int32) throws {
        try add(hardware, on: port, "\(hardware)") { rtnl_neigh_set_family($0, AF_BRIDGE) }
    }

    private func add(
        _ hardware: HardwareAddress, on interface: Int32, _ subject: String,
        _ set: (OpaquePointer) throws -> Void
    ) throws {
        let neighbour = try Netlink.allocated(rtnl_neigh_alloc())
        defer { rtnl_neigh_put(neighbour) }
        rtnl_neigh_set_ifindex(neighbour, interface)
        rtnl_neigh_set_state(neighbour, NUD_PERMANENT)
        try Netlink.withAddress(hardware) { rtnl_neigh_set_lladdr(neighbour, $0) }
        try set(neighbour)
        try Netlink.check(
            rtnl_neigh_add(socket, neighbour, NLM_F_CREATE | NLM_F_REPLACE), "add neighbour", subject)
    }
}
