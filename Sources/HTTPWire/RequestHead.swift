/// Whom a request is for.
package enum RequestTarget: Sendable, Equatable {
    /// A value of the route table.
    case function(Int32)
    /// The gateway's own `/healthz`.
    case health
    /// `/metrics`, or below `/system/` or `/ui/`: the platform's, with credentials alone.
    case platform
    case unknown
}

/// What the gateway must know of a request after its head has been rewritten.
package struct RequestHead: Sendable {
    /// Bytes of the input that the head took.
    package internal(set) var length = 0
    package internal(set) var target = RequestTarget.unknown
    /// The host names the function, not the path.
    package internal(set) var isByHost = false
    package internal(set) var body = BodyFraming.none
    package internal(set) var isHTTP10 = false
    /// Whether the client lets its connection live on.
    package internal(set) var keepAlive = true
    package internal(set) var isHEAD = false
    /// The method may be repeated when nobody knows whether it was done (RFC 9110, section 9.2.2).
    package internal(set) var isIdempotent = false
    /// The client waits for `100 Continue` before it sends the body.
    package internal(set) var expectsContinue = false
    /// Asks to change the protocol, and the function is asked so too.
    package internal(set) var upgrade = false

    package init() {}
}

/// What is known about the client's connection.
package struct ClientOrigin: Sendable {
    /// The peer's address as text, for `X-Forwarded-For`.
    package let address: [UInt8]
    /// An IPv6 address with an IPv4 one in it.
    private static let longestAddress = 45

    package init(address: String) {
        self.address = Array(address.utf8)
        precondition(self.address.count <= Self.longestAddress, "an IP address as inet_ntop(3) writes it")
    }
}
