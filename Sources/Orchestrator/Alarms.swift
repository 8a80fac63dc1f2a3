package import Core
internal import HeapModule

/// When each function wants to be asked again. A change costs the logarithm of how many there are, whoever else has one.
package struct Alarms {
    private struct Entry: Comparable {
        let at: Int64
        let key: FunctionKey
        static func < (a: Self, b: Self) -> Bool { (a.at, a.key) < (b.at, b.key) }
    }

    private var moments: [FunctionKey: Int64] = [:]
    /// Has those of `moments`, and others that were changed since.
    private var heap = Heap<Entry>()

    package init() {}

    /// Entries that are kept, with those that do not count any more.
    package var keptEntries: Int { heap.count }

    /// - Parameter at: monotonic nanoseconds; nil for never.
    package mutating func set(_ key: FunctionKey, at: Int64?) {
        guard moments[key] != at else { return }
        moments[key] = at
        if let at { heap.insert(Entry(at: at, key: key)) }
        guard heap.count > 2 * moments.count + 64 else { return }
        heap = Heap(moments.map { Entry(at: $0.value, key: $0.key) })
    }

    /// The earliest moment.
    package mutating func next() -> Int64? {
        while let first = heap.min {
            if moments[first.key] == first.at { return first.at }
            _ = heap.popMin()
        }
        return nil
    }

    /// Takes those whose moment has come, in the order of their names.
    package mutating func takeDue(_ now: Int64) -> [FunctionKey] {
        var due: [FunctionKey] = []
        while let at = next(), at <= now, let entry = heap.popMin() {
            moments[entry.key] = nil
            due.append(entry.key)
        }
        return due.sorted()
    }
}
