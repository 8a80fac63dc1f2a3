internal import CNetlink
internal import Core
internal import LinuxSystem

/// What the kernel refused over rtnetlink(7).
struct NetlinkError: Error, CustomStringConvertible {
    let operation: String
    let subject: String
    /// libnl's own code, positive (`NLE_…`).
    let code: Int32

    var description: String {
        "\(operation) \(subject): \(String(cString: nl_geterror(-code)).lowercased())"
    }
}

/// An rtnetlink socket. It stays in the network namespace of the thread that made it, whoever uses it later; one
/// thread at a time.
struct Netlink: ~Copyable {
    let socket: OpaquePointer

    init() throws {
        let socket = try Netlink.allocated(nl_socket_alloc())
        let result = nl_connect(socket, NETLINK_ROUTE)
        if result < 0 { nl_socket_free(socket) }
        try Netlink.check(result, "connect", "netlink socket")
        self.socket = socket
    }

    deinit { nl_socket_free(socket) }

    @discardableResult
    static func check(_ result: Int32, _ operation: String, _ subject: String) throws -> Int32 {
        if result < 0 { throw NetlinkError(operation: operation, subject: subject, code: -result) }
        return result
    }

    /// An object that libnl allocates: nil there means no memory.
    static func allocated(_ object: OpaquePointer?) throws -> OpaquePointer {
        guard let object else {
            throw NetlinkError(operation: "allocate", subject: "netlink object", code: NLE_NOMEM)
        }
        return object
    }

    /// Runs `body` with an address object that is released afterwards.
    static func withAddress<Result>(
        _ address: IPv4Address, prefixLength: Int = 32, _ body: (OpaquePointer) throws -> Result
    ) throws -> Result {
        let octets = address.octets
        let object = try allocated(nl_addr_build(AF_INET, octets, octets.count))
        defer { nl_addr_put(object) }
        nl_addr_set_prefixlen(object, Int32(prefixLength))
        return try body(object)
    }

    /// The same for an Ethernet address.
    static func withAddress<Result>(
        _ address: HardwareAddress, _ body: (OpaquePointer) throws -> Result
    ) throws -> Result {
        let object = try allocated(nl_addr_build(AF_LLC, address.octets, address.octets.count))
        defer { nl_addr_put(object) }
        return try body(object)
    }

    /// An IPv4 address or network of libnl; nil for any other family.
    static func subnet(_ object: OpaquePointer?) -> IPv4Subnet? {
        guard let object, nl_addr_get_family(object) == AF_INET else { return nil }
        let length = Int(nl_addr_get_prefixlen(object))
        guard nl_addr_get_len(object) == 4, let bytes = nl_addr_get_binary_addr(object) else {
            return length == 0 ? IPv4Subnet(network: IPv4Address(number: 0), prefixLength: 0) : nil
        }
        let octets = UnsafeRawBufferPointer(start: bytes, count: 4)
        let number = octets.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return IPv4Subnet(network: IPv4Address(number: number), prefixLength: length)
    }

    /// Every object of a cache, which is released afterwards.
    static func forEach(_ cache: OpaquePointer, _ body: (OpaquePointer) -> Void) {
        defer { nl_cache_free(cache) }
        var next = nl_cache_get_first(cache)
        while let object = next {
            body(object)
            next = nl_cache_get_next(object)
        }
    }
}
