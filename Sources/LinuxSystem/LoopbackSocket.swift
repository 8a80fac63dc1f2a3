internal import CLinux
internal import Glibc

/// A TCP connection to a server inside a slot, over the slot's own loopback: the server may listen on any address of
/// its namespace, 127.0.0.1 and ::1 included, and no device, route or neighbour is in the way.
package struct LoopbackSocket: ~Copyable, Sendable {
    package enum Family: Sendable, CaseIterable {
        case ipv4, ipv6
        fileprivate var number: Int32 { self == .ipv4 ? AF_INET : AF_INET6 }
    }

    package let fd: OwnedFD
    package let family: Family
    /// Whether `connect` found the connection standing. If not it is in progress, which over loopback means a full
    /// backlog: wait until the descriptor is writable, then ask `throwPendingError`.
    package private(set) var isConnected = false

    /// setns + socket + setns, about 5 µs. Non-blocking; the socket keeps the slot's namespace for life.
    ///
    /// - Parameters:
    ///   - slot: the slot's namespace. - host: the calling thread's own, where it is again on return.
    package init(inside slot: SharedFD, host: SharedFD, family: Family = .ipv4) throws(KernelError) {
        var stranded: Int32 = 0
        let result = clinux_netns_tcp_socket(slot.raw, host.raw, family.number, &stranded)
        precondition(
            stranded == 0, "a thread could not return from a slot: \(KernelError.text(of: stranded))")
        fd = OwnedFD(owning: try check(result, "socket", subject: "inside a slot"))
        self.family = family
    }

    /// Connects to a port on the family's loopback address. Does not block.
    /// - Throws: `KernelError` with ECONNREFUSED when nobody listens there; the socket may then connect again.
    package mutating func connect(port: UInt16) throws(KernelError) {
        let result = clinux_connect_loopback(fd.raw, family.number, port)
        isConnected = result == 0
        if result != -EINPROGRESS { try check(result, "connect", subject: "port \(port)") }
    }

    /// How a connection in progress ended: nothing when it stands.
    package borrowing func throwPendingError() throws(KernelError) {
        try check(clinux_socket_error(fd.raw), "connect")
    }

    /// TCP_NODELAY: small answers leave at once.
    package borrowing func disableDelay() throws(KernelError) {
        try check(clinux_socket_nodelay(fd.raw), "setsockopt(TCP_NODELAY)")
    }

    /// SO_LINGER with no time: closing sends a reset and leaves nothing in the slot.
    package borrowing func abortOnClose() throws(KernelError) {
        try check(clinux_socket_abort_on_close(fd.raw), "setsockopt(SO_LINGER)")
    }

    /// Gives the descriptor away, for an event loop.
    package consuming func release() -> OwnedFD { fd }

    /// A connection to a port of a slot, without delay and aborted on close: 127.0.0.1 first, then ::1 for a server
    /// that listens there alone. Event loops call this: it never blocks, and costs about 20 µs.
    package static func connect(
        inside slot: SharedFD, host: SharedFD, port: UInt16
    ) throws(KernelError) -> LoopbackSocket {
        do {
            return try attempt(.ipv4, inside: slot, host: host, port: port)
        } catch let refusal {
            guard refusal.code == ECONNREFUSED else { throw refusal }
            do {
                return try attempt(.ipv6, inside: slot, host: host, port: port)
            } catch {
                // Where the kernel has no IPv6 the refusal is what counts.
                throw refusal
            }
        }
    }

    private static func attempt(
        _ family: Family, inside slot: SharedFD, host: SharedFD, port: UInt16
    ) throws(KernelError) -> LoopbackSocket {
        var socket = try LoopbackSocket(inside: slot, host: host, family: family)
        try socket.disableDelay()
        try socket.abortOnClose()
        try socket.connect(port: port)
        return socket
    }
}
