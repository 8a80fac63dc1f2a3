internal import ControlAPI
internal import Core
internal import Gateway
internal import Logging
internal import NameService
internal import Networking
internal import ServiceLifecycle

extension ServingContext {
    /// Answers functions that ask for names. Where that cannot be, they ask the host's servers themselves, as far as they
    /// reach them, and `torpor system check` says so.
    /// - Parameter isGatewayThere: whether functions find the gateway at the bridge's address.
    func startNames(
        _ gateway: Gateway, isGatewayThere: Bool, _ counters: QueryCounters
    ) async -> NameService? {
        let (address, resolver) = (slots.gatewayAddress, parts.resolver)
        let ownNames = OwnNames(
            domain: configuration.domain, gateway: isGatewayThere ? IPv4Address(address) : nil
        ) { gateway.traffic(of: $0) != nil }
        var settings = NameServiceConfiguration(
            address: address, ownNames: ownNames,
            permission: { [slots] in Self.permission(slots.network(of: $0)) },
            servers: { resolver.current.servers })
        settings.counters = counters
        let names = NameService(settings, logger: logger)
        do {
            _ = try await names.start()
        } catch {
            resolver.decide(.notAnswered(reason: "\(error)"))
            logger.warning("\(resolver.current.check.detail)")
            return nil
        }
        resolver.decide(.answered(at: address))
        await slots.openNames(true)
        return names
    }

    /// Names carry data out as well as in: who may reach nobody asks for none but ours.
    private static func permission(_ network: NetworkSpec?) -> NameServiceConfiguration.Permission? {
        switch network {
        case nil, .some(.none): nil
        case .egress([]): .ownNames
        case .default, .egress: .all
        }
    }
}

/// Nil where names are not answered.
struct NamesService: Service {
    let names: NameService?
    let slots: SlotPool

    func run() async throws {
        guard let names else { return try await gracefulShutdown() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await names.run() }
            group.addTask {
                do {
                    try await gracefulShutdown()
                } catch {
                    await end(names)
                    throw error
                }
                await end(names)
            }
            try await group.waitForAll()
        }
    }

    /// Somebody else may listen there next.
    private func end(_ names: NameService) async {
        await slots.openNames(false)
        await names.shutdown()
    }
}
