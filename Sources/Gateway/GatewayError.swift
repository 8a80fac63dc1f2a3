/// Why the gateway does not serve.
package enum GatewayError: Error, Sendable, Equatable, CustomStringConvertible {
    case addressInUse(String)
    case notPermitted(String)
    case addressNotAvailable(String)
    case cannotListen(String, reason: String)
    /// The listener ended although nobody asked it to.
    case listenerDied(String, reason: String)

    package var description: String {
        switch self {
        case .addressInUse(let address):
            "cannot listen on \(address): the address is in use; stop the program that holds it "
                + "(ss -ltnp shows it) or choose another with --listen"
        case .notPermitted(let address):
            "cannot listen on \(address): not permitted; a port below 1024 needs CAP_NET_BIND_SERVICE, "
                + "any other can be chosen with --listen"
        case .addressNotAvailable(let address):
            "cannot listen on \(address): no interface has this address; --listen takes one that "
                + "'ip address' shows"
        case .cannotListen(let address, let reason): "cannot listen on \(address): \(reason)"
        case .listenerDied(let address, let reason): "the listener on \(address) ended: \(reason)"
        }
    }
}
