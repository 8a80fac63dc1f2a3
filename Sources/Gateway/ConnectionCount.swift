internal import Synchronization

/// How many client connections are open, on all loops.
final class ConnectionCount: Sendable {
    private let open = Atomic<Int>(0)
    /// Of these, those that came to the functions' address.
    private let ofFunctions = Atomic<Int>(0)

    var count: Int { open.load(ordering: .relaxed) }

    /// False when there are as many as there may be: functions have a part of all.
    func enter(isFunction: Bool, limits: GatewayLimits) -> Bool {
        let count = open.wrappingAdd(1, ordering: .relaxed).newValue
        let own = isFunction ? ofFunctions.wrappingAdd(1, ordering: .relaxed).newValue : 0
        if count <= limits.clientConnections, own <= limits.functionConnections { return true }
        leave(isFunction: isFunction)
        return false
    }

    func leave(isFunction: Bool) {
        open.wrappingSubtract(1, ordering: .relaxed)
        if isFunction { ofFunctions.wrappingSubtract(1, ordering: .relaxed) }
    }
}
