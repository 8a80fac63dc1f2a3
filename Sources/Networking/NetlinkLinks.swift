internal import CNetlink
internal import LinuxSystem

/// A network device as the host sees it.
struct Link {
    var index: Int32
    var name: String
    /// `bridge`, `veth`, …; nil for hardware.
    var kind: String?
    var alias: String?
    /// The bridge it is a port of; 0 for none.
    var master: Int32
    /// Empty for what has none.
    var hardwareAddress: HardwareAddress
}

extension Netlink {
    /// nil when there is no such device.
    func link(named name: String) throws -> Link? {
        var found: OpaquePointer?
        let result = rtnl_link_get_kernel(socket, 0, name, &found)
        if result == -NLE_NODEV || result == -NLE_OBJ_NOTFOUND { return nil }
        try Netlink.check(result, "look up", name)
        let link = try Netlink.allocated(found)
        defer { rtnl_link_put(link) }
        return Netlink.describe(link)
    }

    func links() throws -> [Link] {
        var cache: OpaquePointer?
        try Netlink.check(rtnl_link_alloc_cache(socket, AF_UNSPEC, &cache), "list", "links")
        var links: [Link] = []
        Netlink.forEach(try Netlink.allocated(cache)) { links.append(Netlink.describe($0)) }
        return links
    }

    /// Makes a bridge with a hardware address of its own, so that it does not change with its ports.
    func addBridge(_ name: String, alias: String) throws {
        let link = try Netlink.allocated(rtnl_link_bridge_alloc())
        defer { rtnl_link_put(link) }
        rtnl_link_set_name(link, name)
        let hardware = HardwareAddress(octets: [0x02] + (0..<5).map { _ in UInt8.random(in: 0...255) })
        try Netlink.withAddress(hardware) { rtnl_link_set_addr(link, $0) }
        try Netlink.check(rtnl_link_add(socket, link, NLM_F_CREATE | NLM_F_EXCL), "create bridge", name)
        do {
            try change(name) { rtnl_link_set_ifalias($0, alias) }
        } catch {
            // Without the mark a later daemon would take it for somebody else's.
            try? delete(name)
            throw error
        }
    }

    /// Makes a slot's veth pair, both ends down: one is a port of the bridge, its peer is `eth0` in the namespace.
    func addVeth(
        hostEnd: String, bridge: Int32, peerNamespace: SharedFD, peerAddress: HardwareAddress
    ) throws {
        let link = try Netlink.allocated(rtnl_link_veth_alloc())
        defer { rtnl_link_put(link) }
        rtnl_link_set_name(link, hostEnd)
        rtnl_link_set_master(link, bridge)
        let peer = try Netlink.allocated(rtnl_link_veth_get_peer(link))
        defer { rtnl_link_put(peer) }
        rtnl_link_set_name(peer, "eth0")
        rtnl_link_set_ns_fd(peer, peerNamespace.raw)
        try Netlink.withAddress(peerAddress) { rtnl_link_set_addr(peer, $0) }
        try Netlink.check(rtnl_link_add(socket, link, NLM_F_CREATE | NLM_F_EXCL), "create veth", hostEnd)
    }

    /// Makes a port of a bridge one that reaches the bridge itself and no other port of this kind, that gets only what
    /// is for an address it was given (`addForwarding`), and whose frames teach the bridge none. Returns its index.
    func isolatePort(_ name: String) throws -> Int32 {
        var header = ifinfomsg()
        header.ifi_family = UInt8(AF_BRIDGE)
        header.ifi_index = try index(of: name)
        let message = try Netlink.allocated(nlmsg_alloc_simple(Int32(RTM_SETLINK), 0))
        var result = nlmsg_append(message, &header, MemoryLayout<ifinfomsg>.size, Int32(NLMSG_ALIGNTO))
        if result >= 0, let nest = nla_nest_start(message, Int32(IFLA_PROTINFO) | NLA_F_NESTED) {
            let settings: [(Int, UInt8)] = [
                (IFLA_BRPORT_ISOLATED, 1), (IFLA_BRPORT_LEARNING, 0), (IFLA_BRPORT_UNICAST_FLOOD, 0),
                (IFLA_BRPORT_MCAST_FLOOD, 0), (IFLA_BRPORT_BCAST_FLOOD, 0),
            ]
            for (attribute, value) in settings where result >= 0 {
                result = nla_put_u8(message, Int32(attribute), value)
            }
            nla_nest_end(message, nest)
        }
        if result < 0 { nlmsg_free(message) }
        try Netlink.check(result, "isolate", name)
        // Takes the message, whatever comes of it.
        try Netlink.check(nl_send_sync(socket, message), "isolate", name)
        return header.ifi_index
    }

    func bringUp(_ name: String) throws {
        try change(name) { rtnl_link_set_flags($0, UInt32(IFF_UP)) }
    }

    func bringDown(_ name: String) throws {
        try change(name) { rtnl_link_unset_flags($0, UInt32(IFF_UP)) }
    }

    /// Removes a device; one that is gone already is no error.
    func delete(_ name: String) throws {
        let link = try Netlink.allocated(rtnl_link_alloc())
        defer { rtnl_link_put(link) }
        rtnl_link_set_name(link, name)
        let result = rtnl_link_delete(socket, link)
        if result != -NLE_NODEV, result != -NLE_OBJ_NOTFOUND { try Netlink.check(result, "delete", name) }
    }

    private func index(of name: String) throws -> Int32 {
        guard let index = try link(named: name)?.index else {
            throw NetlinkError(operation: "look up", subject: name, code: NLE_NODEV)
        }
        return index
    }

    private func change(_ name: String, _ set: (OpaquePointer) -> Void) throws {
        let now = try Netlink.allocated(rtnl_link_alloc())
        let changes = try Netlink.allocated(rtnl_link_alloc())
        defer {
            rtnl_link_put(now)
            rtnl_link_put(changes)
        }
        rtnl_link_set_ifindex(now, try index(of: name))
        set(changes)
        try Netlink.check(rtnl_link_change(socket, now, changes, 0), "change", name)
    }

    private static func describe(_ link: OpaquePointer) -> Link {
        Link(
            index: rtnl_link_get_ifindex(link), name: text(rtnl_link_get_name(link)) ?? "",
            kind: text(rtnl_link_get_type(link)), alias: text(rtnl_link_get_ifalias(link)),
            master: rtnl_link_get_master(link),
            hardwareAddress: HardwareAddress(octets: octets(rtnl_link_get_addr(link))))
    }

    private static func octets(_ address: OpaquePointer?) -> [UInt8] {
        guard let address, let bytes = nl_addr_get_binary_addr(address) else { return [] }
        return Array(UnsafeRawBufferPointer(start: bytes, count: Int(nl_addr_get_len(address))))
    }

    private static func text(_ characters: UnsafePointer<CChar>?) -> String? {
        characters.map { String(cString: $0) }
    }
}
