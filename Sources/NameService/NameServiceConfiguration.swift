package import Core

/// What the forwarder is told at its start.
package struct NameServiceConfiguration: Sendable {
    /// What a function may ask.
    package enum Permission: Sendable {
        /// The platform's own names: the host's servers hear nothing of it.
        case ownNames
        case all
    }

    /// Where it listens, by UDP and TCP: an address of this host.
    package var address: String
    package var port = 53
    package var ownNames: OwnNames
    /// What may be asked from an address; nil where no function has it, which gets no answer.
    package var permission: @Sendable (IPv4Address) -> Permission?
    /// The host's name servers as they are now. Called on a thread that may wait for a file.
    package var servers: @Sendable () -> NameServers
    package var counters = QueryCounters()
    package var limits = NameServiceLimits()

    package init(
        address: String, ownNames: OwnNames, permission: @escaping @Sendable (IPv4Address) -> Permission?,
        servers: @escaping @Sendable () -> NameServers
    ) {
        self.address = address
        self.ownNames = ownNames
        self.permission = permission
        self.servers = servers
    }
}

/// The bounds of the forwarder; `Limits` has the defaults and their reasons, tests reach them sooner.
package struct NameServiceLimits: Sendable {
    package var queries = Limits.nameQueries
    package var queriesOfOne = Limits.nameQueriesOfOne
    package var streams = Limits.nameStreams
    package var streamsOfOne = Limits.nameStreamsOfOne
    package var streamIdle = Limits.nameStreamIdle
    package var serverAge = Limits.resolverAge

    package init() {}
}

/// Why the forwarder does not serve.
package enum NameServiceError: Error, Sendable, Equatable, CustomStringConvertible {
    case cannotListen(String, reason: String)

    package var description: String {
        switch self {
        case .cannotListen(let address, let reason): "the name service cannot listen on \(address): \(reason)"
        }
    }
}
