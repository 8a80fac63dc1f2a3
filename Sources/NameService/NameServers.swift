internal import Core
package import NIOCore

/// The host's name servers, in their order, and how long they are given.
package struct NameServers: Sendable, Equatable {
    package let servers: [SocketAddress]
    /// How long whoever asked waits for an answer, whichever server gives it.
    package let timeout: TimeAmount

    /// - Parameters:
    ///   - addresses: IPv4 and IPv6, the latter with a scope (`fe80::1%eth0`) where it needs one. What is none is left out.
    ///   - timeout: how long resolvers wait for the one server that they see, as resolv.conf(5) bounds it.
    package init(_ addresses: [String], timeout: Duration, port: Int = 53) {
        servers = addresses.compactMap { try? SocketAddress(ipAddress: $0, port: port) }
        self.timeout = TimeAmount(timeout)
    }
}

/// The order in which servers are asked: that of the host's configuration, save that those which were silent come last for
/// a while, since whoever asks has no time to wait for them again and again.
struct ServerOrder {
    private var silentUntil: [SocketAddress: NIODeadline] = [:]
    private static let patience = TimeAmount(Limits.silentServerTime)

    func order(_ servers: [SocketAddress], now: NIODeadline) -> [SocketAddress] {
        let isSilent = { (server: SocketAddress) in silentUntil[server].map { now < $0 } ?? false }
        return servers.filter { !isSilent($0) } + servers.filter(isSilent)
    }

    mutating func note(_ server: SocketAddress, answered: Bool, now: NIODeadline) {
        silentUntil[server] = answered ? nil : now + Self.patience
    }

    /// Keeps nothing of servers that are no more.
    mutating func keep(_ servers: [SocketAddress]) {
        silentUntil = silentUntil.filter { servers.contains($0.key) }
    }
}
