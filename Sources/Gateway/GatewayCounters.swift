package import Core
internal import Synchronization

/// What all loops count of the gateway as a whole. Requests that are answered by functions are counted by function; here is
/// what is rare, or recorded beside something that takes microseconds.
final class GatewayCounters: Sendable {
    /// From a request's arrival until it was let into an instance, of those that had to wait.
    let queueWait = DurationHistogram()
    let thaw = DurationHistogram()
    private let refusals = Refusal.allCases.map { _ in Count() }

    private final class Count: Sendable {
        let value = Atomic<UInt64>(0)
    }

    func count(_ refusal: Refusal) { refusals[refusal.rawValue].value.wrappingAdd(1, ordering: .relaxed) }

    func read() -> [(code: String, count: UInt64)] {
        Refusal.allCases.map { ("\($0.code)", refusals[$0.rawValue].value.load(ordering: .relaxed)) }
    }
}

/// Everything that the gateway has counted, for metrics.
package struct GatewayReading: Sendable {
    package var clientConnections: Int
    package var functions: [(key: FunctionKey, traffic: FunctionTraffic)]
    package var queueWait: DurationCounts
    package var thaw: DurationCounts
    /// Answers of the gateway's own, by their short code.
    package var refusals: [(code: String, count: UInt64)]
}
