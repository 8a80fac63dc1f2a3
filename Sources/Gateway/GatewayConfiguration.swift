internal import Core

/// What the gateway is told at its start.
package struct GatewayConfiguration: Sendable {
    package var points = [ListenPoint(.address(host: "127.0.0.1", port: 8080))]
    /// An address of this host at which functions alone are served, whichever point it belongs to: that where functions
    /// themselves find the gateway.
    package var functionAddress: String?
    /// The domain under which functions have host names.
    package var domain = "torpor.internal"
    /// Event loops, each with a thread.
    package var loops = 1
    package var limits = GatewayLimits()

    package init() {}
}

/// The bounds of one gateway; `Limits` has the defaults and their reasons, tests reach them sooner.
package struct GatewayLimits: Sendable {
    package var headBytes = Limits.headBytes
    package var waitersPerFunction = Limits.waitersPerFunction
    package var waitingBodyBytes = Limits.waitingBodyBytes
    package var clientConnections = Limits.clientConnections
    package var functionConnections = Limits.functionConnections
    package var idleUpstreams = Limits.idleUpstreams
    package var headTimeout = Limits.headTimeout
    package var idleClientTimeout = Limits.idleClientTimeout
    package var stalledBodyTimeout = Limits.stalledBodyTimeout
    package var lingerTimeout = Limits.lingerTimeout
    package var rerouteDelay = Limits.rerouteDelay
    package var platformTimeout = Limits.platformTimeout

    package init() {}
}
