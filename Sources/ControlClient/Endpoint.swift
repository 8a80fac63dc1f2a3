/// Where an HTTP server listens.
package enum Endpoint: Sendable, Hashable, CustomStringConvertible {
    case unixSocket(path: String)
    case tcp(host: String, port: Int)
    /// Reached by somebody else's connection, such as ssh's: told by its name.
    case dialled(String)

    /// Reads `host:port`, where an IPv6 address may stand in brackets. An address that means "any" is reached
    /// at loopback.
    package init?(listenAddress text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (1...65535).contains(port)
        else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        switch host {
        case "", "0.0.0.0", "*": host = "127.0.0.1"
        case "::": host = "::1"
        default: break
        }
        self = .tcp(host: host, port: port)
    }

    package var description: String {
        switch self {
        case .unixSocket(let path): path
        case .dialled(let name): name
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }
}
