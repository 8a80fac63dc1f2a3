package import Core

/// The names that the platform answers itself: the gateway's, and `NAME.NAMESPACE.DOMAIN` of each function, which leads to
/// the gateway, too.
package struct OwnNames: Sendable {
    /// The name by which functions find the gateway, as their /etc/hosts has it.
    private static let gatewayName = Array("torpor-gateway".utf8)

    private let domain: [[UInt8]]
    /// Nobody else has names in it (the top-level domain `internal` is kept for private use).
    private let isPrivate: Bool
    private let gateway: IPv4Address?
    private let isFunction: @Sendable (FunctionKey) -> Bool

    /// - Parameter gateway: where functions find it; nil where they do not, and then there is no name that leads to it.
    package init(domain: String, gateway: IPv4Address?, isFunction: @escaping @Sendable (FunctionKey) -> Bool)
    {
        self.domain = domain.lowercased().split(separator: ".").map { Array($0.utf8) }
        self.gateway = gateway
        self.isFunction = isFunction
        isPrivate = self.domain.last == Array("internal".utf8)
    }

    /// Nil for a name that others answer. A domain that is not private may have other names elsewhere.
    package func reply(to query: DNSQuery) -> [UInt8]? {
        if query.labels == [Self.gatewayName] { return answer(query, in: query.labels) }
        guard query.labels.suffix(domain.count) == domain[...] else { return nil }
        let name = query.labels.dropLast(domain.count)
        if gateway != nil, let key = Self.function(name), isFunction(key) {
            return answer(query, in: domain)
        }
        guard isPrivate else { return nil }
        // A namespace, or the domain itself, has names below it.
        return query.reply(name.count < 2 ? .noError : .nonexistent, nothingIn: domain)
    }

    private func answer(_ query: DNSQuery, in zone: [[UInt8]]) -> [UInt8] {
        guard let gateway else { return query.reply(.nonexistent, nothingIn: zone) }
        return query.type == DNSQuery.address
            ? query.reply(gateway) : query.reply(.noError, nothingIn: zone)
    }

    /// `hello.team`; those of the default namespace by their name alone, too.
    private static func function(_ labels: ArraySlice<[UInt8]>) -> FunctionKey? {
        guard (1...2).contains(labels.count) else { return nil }
        let texts = labels.map { String(decoding: $0, as: UTF8.self) }
        return try? FunctionKey(reference: texts.joined(separator: "."))
    }
}
