internal import Synchronization

/// What became of a query.
package enum QueryResult: String, Sendable, CaseIterable {
    /// A name of the platform's own.
    case own
    /// One of the host's servers has answered.
    case forwarded
    /// None of them has.
    case failed
    /// It is no query, may not be asked, or there are too many.
    case refused
}

/// How many queries there were so far, by what became of them.
package final class QueryCounters: Sendable {
    private let own = Atomic<UInt64>(0)
    private let forwarded = Atomic<UInt64>(0)
    private let failed = Atomic<UInt64>(0)
    private let refused = Atomic<UInt64>(0)

    package init() {}

    func count(_ result: QueryResult) {
        switch result {
        case .own: own.wrappingAdd(1, ordering: .relaxed)
        case .forwarded: forwarded.wrappingAdd(1, ordering: .relaxed)
        case .failed: failed.wrappingAdd(1, ordering: .relaxed)
        case .refused: refused.wrappingAdd(1, ordering: .relaxed)
        }
    }

    package func read() -> [(result: QueryResult, count: UInt64)] {
        QueryResult.allCases.map { result in
            let count =
                switch result {
                case .own: own.load(ordering: .relaxed)
                case .forwarded: forwarded.load(ordering: .relaxed)
                case .failed: failed.load(ordering: .relaxed)
                case .refused: refused.load(ordering: .relaxed)
                }
            return (result, count)
        }
    }
}
