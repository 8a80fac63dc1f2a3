internal import Core

/// Which numbers exist, and in which order they are used: the number that was free the longest first, so that a veth
/// that is still going away is not asked for again.
package struct SlotNumbers {
    private var fresh: ClosedRange<UInt32>
    private var freshUsed: UInt32 = 0
    private var returned: [UInt32] = []

    package init(_ range: ClosedRange<UInt32>) { fresh = range }

    /// How many slots with egress a subnet and its bridge carry.
    package static func capacity(of subnet: IPv4Subnet) -> Int {
        min(subnet.slotNumbers.count, Limits.bridgePorts, Limits.instances)
    }

    package mutating func take() -> UInt32? {
        if freshUsed < fresh.count {
            freshUsed += 1
            return fresh.lowerBound + freshUsed - 1
        }
        return returned.isEmpty ? nil : returned.removeFirst()
    }

    package mutating func giveBack(_ number: UInt32) { returned.append(number) }
}

/// One kind of slots: those with egress, or those without. Pure; the pool keeps one per `NetworkMode`.
package struct SlotInventory {
    package let capacity: Int
    /// Ready slots that are kept while nobody uses any.
    package let leastSpare: Int
    package private(set) var ready: [UInt32] = []
    package private(set) var dirty: [UInt32] = []
    private var used: Set<UInt32> = []
    /// Being made or cleaned by the pool's thread.
    package private(set) var inWork = 0
    private var numbers: SlotNumbers

    package init(numbers: SlotNumbers, capacity: Int, leastSpare: Int) {
        self.numbers = numbers
        self.capacity = capacity
        self.leastSpare = min(leastSpare, capacity)
    }

    package var inUse: Int { used.count }
    package var total: Int { ready.count + dirty.count + inUse + inWork }
    /// Spare slots grow with use: one for four that are used.
    package var spareWanted: Int { min(leastSpare + inUse / 4, Limits.spareSlots) }

    /// No slot is ready or about to be.
    package var isExhausted: Bool { total >= capacity && inUse == total }
    package var hasSurplus: Bool { ready.count > 2 * spareWanted }

    /// Of the slots that fit, the one that was used last: its pages are warm.
    package mutating func acquire(where fits: (UInt32) -> Bool = { _ in true }) -> UInt32? {
        guard let index = ready.lastIndex(where: fits) else { return nil }
        let number = ready.remove(at: index)
        used.insert(number)
        return number
    }

    /// Gives a slot back. Ignored when it is not in use: nobody may get a slot that somebody else has.
    package mutating func release(_ number: UInt32) {
        guard used.remove(number) != nil else { return }
        dirty.append(number)
    }

    package enum Work: Equatable {
        case clean(UInt32)
        case make(UInt32)
        /// Give a ready one to somebody who waits: none was as they need it.
        case adapt(UInt32)
        /// Close one that is not needed.
        case drop(UInt32)

        package var number: UInt32 {
            switch self {
            case .clean(let number), .make(let number), .adapt(let number), .drop(let number): number
            }
        }
    }

    /// What to do next, if anything. Cleaning comes before making: it is cheaper.
    /// - Parameters:
    ///   - waiting: who waits for a slot of this kind. - paused: make none ahead of demand.
    ///   - trim: whether more than enough is to be given back.
    package mutating func nextWork(waiting: Int, paused: Bool, trim: Bool) -> Work? {
        if waiting > 0, !ready.isEmpty {
            inWork += 1
            return .adapt(ready.removeFirst())
        }
        if let number = dirty.popLast() {
            inWork += 1
            return .clean(number)
        }
        if ready.count + inWork < (paused ? 0 : spareWanted) + waiting, total < capacity,
            let number = numbers.take()
        {
            inWork += 1
            return .make(number)
        }
        if trim, hasSurplus {
            inWork += 1
            return .drop(ready.removeFirst())
        }
        return nil
    }

    /// The slot is clean, or new. - Parameter taken: somebody who waited has it at once.
    package mutating func finished(_ number: UInt32, taken: Bool) {
        inWork -= 1
        if taken { used.insert(number) } else { ready.append(number) }
    }

    /// The slot does not exist, or no more.
    package mutating func lost(_ number: UInt32) {
        inWork -= 1
        numbers.giveBack(number)
    }
}
