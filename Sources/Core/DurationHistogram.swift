internal import Synchronization

/// Durations counted by how long they were, and their sum. Recording takes a few nanoseconds, from any thread: no lock,
/// no allocation.
package final class DurationHistogram: Sendable {
    /// Upper bounds in nanoseconds, from what a thaw takes to what a start may take; longer ones are counted behind
    /// the last. All histograms have the same, so that they can be compared.
    package static let bounds: [Int64] = [
        10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000,
        25_000_000, 50_000_000, 100_000_000, 250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000,
        5_000_000_000, 10_000_000_000, 30_000_000_000,
    ]

    private let counts = InlineArray<21, Atomic<UInt64>> { _ in Atomic(0) }
    private let sum = Atomic<UInt64>(0)
    private let bounds = DurationHistogram.bounds

    package init() {}

    package func record(nanoseconds: Int64) {
        var bucket = 0
        while bucket < bounds.count, nanoseconds > bounds[bucket] { bucket += 1 }
        counts[bucket].wrappingAdd(1, ordering: .relaxed)
        sum.wrappingAdd(UInt64(clamping: nanoseconds), ordering: .relaxed)
    }

    package func read() -> DurationCounts {
        DurationCounts(
            counts: (0..<counts.count).map { counts[$0].load(ordering: .relaxed) },
            nanoseconds: sum.load(ordering: .relaxed))
    }
}

/// What a histogram had counted.
package struct DurationCounts: Sendable, Equatable {
    /// One for each of `DurationHistogram.bounds`, and one for what was longer.
    package var counts: [UInt64]
    /// The sum of all durations.
    package var nanoseconds: UInt64

    package init(counts: [UInt64], nanoseconds: UInt64) {
        self.counts = counts
        self.nanoseconds = nanoseconds
    }

    package var total: UInt64 { counts.reduce(0, +) }

    /// The duration in nanoseconds that the given part of all was not longer than, interpolated within its bucket; nil
    /// without any. What was longer than the last bound counts as that.
    package func quantile(_ part: Double) -> Double? {
        let wanted = part * Double(total)
        var seen = 0.0
        var lower = 0.0
        for (count, bound) in zip(counts, DurationHistogram.bounds) {
            let (inside, upper) = (Double(count), Double(bound))
            if inside > 0, seen + inside >= wanted {
                return lower + (upper - lower) * max(0, wanted - seen) / inside
            }
            (seen, lower) = (seen + inside, upper)
        }
        return total > 0 ? lower : nil
    }
}
