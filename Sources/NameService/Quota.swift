package import Core

/// How many of something there are at once, of all functions and of each, so that none takes what others need.
package struct Quota: Sendable {
    private let ofAll: Int
    private let ofOne: Int
    private var count = 0
    private var counts: [IPv4Address: Int] = [:]

    package init(ofAll: Int, ofOne: Int) {
        self.ofAll = ofAll
        self.ofOne = ofOne
    }

    /// False when there are as many as there may be.
    package mutating func enter(_ source: IPv4Address) -> Bool {
        let own = counts[source] ?? 0
        guard count < ofAll, own < ofOne else { return false }
        count += 1
        counts[source] = own + 1
        return true
    }

    /// - Precondition: it was entered.
    package mutating func leave(_ source: IPv4Address) {
        guard let own = counts[source] else { preconditionFailure("who leaves has entered") }
        count -= 1
        counts[source] = own == 1 ? nil : own - 1
    }
}
