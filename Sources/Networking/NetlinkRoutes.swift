internal import CNetlink
internal import Core

/// An address or route that exists on the host: what a new subnet may not overlap.
struct OccupiedNetwork {
    var subnet: IPv4Subnet
    /// Interface index; 0 for a route that leads nowhere.
    var interface: Int32
    var isRoute: Bool
}

extension Netlink {
    func addAddress(_ address: IPv4Address, prefixLength: Int, to interface: Int32) throws {
        try changeAddress(address, prefixLength: prefixLength, of: interface) { object in
            try Netlink.check(
                rtnl_addr_add(socket, object, NLM_F_CREATE | NLM_F_REPLACE), "add address",
                "\(address)/\(prefixLength)")
        }
    }

    func removeAddress(_ address: IPv4Address, prefixLength: Int, from interface: Int32) throws {
        try changeAddress(address, prefixLength: prefixLength, of: interface) { object in
            try Netlink.check(
                rtnl_addr_delete(socket, object, 0), "remove address", "\(address)/\(prefixLength)")
        }
    }

    /// The address itself, without its network: nobody is a neighbour but who has a route.
    func addHostRoute(to address: IPv4Address, through interface: Int32) throws {
        try addRoute(to: address, prefixLength: 32, via: nil, through: interface)
    }

    func addDefaultRoute(via gateway: IPv4Address, through interface: Int32) throws {
        try addRoute(to: IPv4Address(number: 0), prefixLength: 0, via: gateway, through: interface)
    }

    private func addRoute(
        to address: IPv4Address, prefixLength: Int, via gateway: IPv4Address?, through interface: Int32
    ) throws {
        let route = try Netlink.allocated(rtnl_route_alloc())
        defer { rtnl_route_put(route) }
        try Netlink.withAddress(address, prefixLength: prefixLength) { destination in
            _ = rtnl_route_set_dst(route, destination)
        }
        rtnl_route_set_scope(
            route, UInt8(gateway == nil ? RT_SCOPE_LINK.rawValue : RT_SCOPE_UNIVERSE.rawValue))
        let hop = try Netlink.allocated(rtnl_route_nh_alloc())
        rtnl_route_nh_set_ifindex(hop, interface)
        // The route takes the hop and releases it.
        rtnl_route_add_nexthop(route, hop)
        if let gateway { try Netlink.withAddress(gateway) { rtnl_route_nh_set_gateway(hop, $0) } }
        try Netlink.check(
            rtnl_route_add(socket, route, NLM_F_CREATE), "add route", "to \(address)/\(prefixLength)")
    }

    /// The IPv4 addresses of one interface, with their networks' lengths.
    func addresses(of interface: Int32) throws -> [(address: IPv4Address, prefixLength: Int)] {
        var found: [(IPv4Address, Int)] = []
        try forEachAddress { index, address, length in
            if index == interface { found.append((address, length)) }
        }
        return found
    }

    /// Every IPv4 network that the host has an address in or a route to, save default routes.
    func occupiedNetworks() throws -> [OccupiedNetwork] {
        var found: [OccupiedNetwork] = []
        try forEachAddress { index, address, length in
            let subnet = IPv4Subnet(network: address, prefixLength: length)
            found.append(OccupiedNetwork(subnet: subnet, interface: index, isRoute: false))
        }
        var cache: OpaquePointer?
        try Netlink.check(rtnl_route_alloc_cache(socket, AF_INET, 0, &cache), "list", "routes")
        Netlink.forEach(try Netlink.allocated(cache)) { route in
            guard rtnl_route_get_table(route) != UInt32(RT_TABLE_LOCAL.rawValue),
                let subnet = Netlink.subnet(rtnl_route_get_dst(route))
            else { return }
            let hop = rtnl_route_nexthop_n(route, 0)
            let interface = hop.map { rtnl_route_nh_get_ifindex($0) } ?? 0
            found.append(OccupiedNetwork(subnet: subnet, interface: interface, isRoute: true))
        }
        return found
    }

    private func forEachAddress(_ body: (Int32, IPv4Address, Int) -> Void) throws {
        var cache: OpaquePointer?
        try Netlink.check(rtnl_addr_alloc_cache(socket, &cache), "list", "addresses")
        Netlink.forEach(try Netlink.allocated(cache)) { object in
            guard let local = rtnl_addr_get_local(object), nl_addr_get_family(local) == AF_INET,
                nl_addr_get_len(local) == 4, let bytes = nl_addr_get_binary_addr(local)
            else { return }
            let octets = UnsafeRawBufferPointer(start: bytes, count: 4)
            let address = IPv4Address(number: octets.reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
            body(rtnl_addr_get_ifindex(object), address, Int(rtnl_addr_get_prefixlen(object)))
        }
    }

    private func changeAddress(
        _ address: IPv4Address, prefixLength: Int, of interface: Int32,
        _ apply: (OpaquePointer) throws -> Void
    ) throws {
        let object = try Netlink.allocated(rtnl_addr_alloc())
        defer { rtnl_addr_put(object) }
        rtnl_addr_set_ifindex(object, interface)
        try Netlink.withAddress(address, prefixLength: prefixLength) { local in
            _ = rtnl_addr_set_local(object, local)
        }
        try apply(object)
    }
}
