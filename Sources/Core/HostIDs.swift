/// The user and group ids of the host that functions have: ranges of `Limits.containerIDs` each, by number. Id 0 of a
/// function is the first of its range.
package struct HostIDs: Sendable, Hashable {
    /// The first id of range 0; nil where functions have the daemon's own id, which is the only one.
    package let first: UInt32?
    /// How many ranges there are: 1 is all functions', as they would have no room otherwise.
    package let ranges: Int

    /// - Parameter ranges: 0 where there is only the daemon's own id.
    package init(first: UInt32, ranges: Int) {
        self.first = ranges > 0 ? first : nil
        self.ranges = ranges
    }

    /// Whether all functions have the same ids.
    package var areShared: Bool { ranges < 2 }

    /// The first id of a function's range; nil where it has none, or none on this host.
    /// - Parameter range: the number in the function's record.
    package func first(of range: Int?) -> UInt32? {
        guard let first else { return nil }
        if areShared { return first }
        guard let range, (0..<ranges).contains(range) else { return nil }
        return first + UInt32(range) * Limits.containerIDs
    }

    /// The number of the range that an id of the host belongs to.
    package func range(of id: UInt32) -> Int? {
        guard let first, id >= first else { return nil }
        let range = Int((id - first) / Limits.containerIDs)
        return range < ranges ? range : nil
    }

    /// The lowest range that a new function may have; nil when each is taken.
    package func free(besides taken: Set<Int>) -> Int? {
        let count = areShared ? Limits.idRanges : ranges
        return (0..<count).first { !taken.contains($0) }
    }
}
