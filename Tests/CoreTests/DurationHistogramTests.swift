import Core
import Testing

@Suite struct DurationHistogramTests {
    @Test func countsByUpperBound() {
        let histogram = DurationHistogram()
        histogram.record(nanoseconds: 10_000)
        histogram.record(nanoseconds: 10_001)
        histogram.record(nanoseconds: 40_000_000_000)
        histogram.record(nanoseconds: -5)
        let read = histogram.read()
        #expect(read.counts.count == DurationHistogram.bounds.count + 1)
        #expect(read.counts[0] == 2)
        #expect(read.counts[1] == 1)
        #expect(read.counts.last == 1)
        #expect(read.total == 4)
        #expect(read.nanoseconds == 40_000_020_001)
    }

    @Test func quantilesLieInTheirBucket() throws {
        let histogram = DurationHistogram()
        #expect(histogram.read().quantile(0.5) == nil)
        for _ in 0..<98 { histogram.record(nanoseconds: 700_000) }
        for _ in 0..<2 { histogram.record(nanoseconds: 3_000_000) }
        let read = histogram.read()
        let (median, late) = (try #require(read.quantile(0.5)), try #require(read.quantile(0.99)))
        #expect((500_000...1_000_000).contains(median))
        #expect((2_500_000...5_000_000).contains(late))
    }

    @Test func losesNothingFromManyThreads() async {
        let histogram = DurationHistogram()
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for step in 0..<1000 { histogram.record(nanoseconds: Int64(task * 1000 + step)) }
                }
            }
        }
        #expect(histogram.read().total == 8000)
    }
}
