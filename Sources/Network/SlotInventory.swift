internal import Core

/// Which numbers exist, and in which order they are used: the number that was free the longest first, so that a veth
/// that is still going away is not asked for again.
struct SlotNumbers {
    private var fresh: ClosedRange<UInt32>
    private var freshUsed: UInt32 = 0
    private var returned: [UInt32] = []

    init(_ range: ClosedRange<UInt32>) { fresh = range }

    /// How many slots with egress a subnet and its bridge carry.
    static func capacity(of subnet: IPv4Subnet) -> Int {
        min(subnet.slotNumbers.count, Limits.bridgePorts, Limits.instances)
    }

    mutating func take() -> UInt32? {
        if freshUsed < fresh.count {
            freshUsed += 1
            return fresh.lowerBound + freshUsed - 1
        }
        return returned.isEmpty ? nil : returned.removeFirst()
    }

    mutating func giveBack(_ number: UInt32) { returned.append(number) }
}

/// One kind of slots: those with egress, or those without. Pure; the pool keeps one per `NetworkMode`.
struct SlotInventory {
    let capacity: Int
    /// Ready slots that are kept while nobody uses any.
    let leastSpare: Int
    private(set) var ready: [UInt32] = []
    private(set) var dirty: [UInt32] = []
    private(set) var inUse = 0
    /// Being made or cleaned by the pool's thread.
    private(set) var inWork = 0
    private var numbers: SlotNumbers

    init(numbers: SlotNumbers, capacity: Int, leastSpare: Int) {
        self.numbers = numbers
        self.capacity = capacity
        self.leastSpare = min(leastSpare, capacity)
    }

    var total: Int { ready.count + dirty.count + inUse + inWork }
    /// Spare slots grow with use: one for four that are used.
    var spareWanted: Int { min(leastSpare + inUse / 4, Limits.spareSlots) }

    /// No slot is ready or about to be.
    var isExhausted: Bool { total >= capacity && inUse == total }
    var hasSurplus: Bool { ready.count > 2 * spareWanted }

    /// The slot that was used last: its pages are warm.
    mutating func acquire() -> UInt32? {
        guard let number = ready.popLast() else { return nil }
        inUse += 1
        return number
    }

    mutating func release(_ number: UInt32) {
        precondition(inUse > 0, "a slot is released by the one that acquired it")
        inUse -= 1
        dirty.append(number)
    }

    enum Work: Equatable {
        case clean(UInt32)
        case make(UInt32)
        /// Close one that is not needed.
        case drop(UInt32)

        var number: UInt32 {
            switch self {
            case .clean(let number), .make(let number), .drop(let number): number
            }
        }
    }

    /// What to do next, if anything. Cleaning comes first: it is cheaper than making.
    /// - Parameters:
    ///   - waiting: who waits for a slot of this kind. - paused: make none ahead of demand.
    ///   - trim: whether more than enough is to be given back.
    mutating func nextWork(waiting: Int, paused: Bool, trim: Bool) -> Work? {
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
    mutating func finished(_ number: UInt32, taken: Bool) {
        inWork -= 1
        if taken { inUse += 1 } else { ready.append(number) }
    }

    /// The slot does not exist, or no more.
    mutating func lost(_ number: UInt32) {
        inWork -= 1
        numbers.giveBack(number)
    }
}
