/// From a function's name, as bytes of a request, to its index. Immutable; open addressing with linear probing, half
/// empty; the hash is seeded, so that nobody can choose names that collide.
package struct RouteTable: Sendable {
    private struct Slot {
        var hash: UInt64 = 0
        var start: UInt32 = 0
        var length: UInt32 = 0
        /// -1: empty.
        var value: Int32 = -1
    }

    private let slots: [Slot]
    private let keys: [UInt8]
    private let mask: Int
    private let seed: UInt64

    /// - Parameter entries: keys with values of 0 or more; of two equal keys the first counts.
    package init(_ entries: [(key: String, value: Int32)], seed: UInt64 = .random(in: 1 ... .max)) {
        var capacity = 16
        while capacity < entries.count * 2 { capacity *= 2 }
        var slots = [Slot](repeating: Slot(), count: capacity)
        var keys: [UInt8] = []
        for (key, value) in entries {
            precondition(value >= 0, "values are indexes")
            let start = keys.count
            keys.append(contentsOf: key.utf8)
            let hash = Self.hash(keys.span.bytes, from: start, to: keys.count, seed: seed)
            var index = Int(truncatingIfNeeded: hash) & (capacity - 1)
            while slots[index].value >= 0 { index = (index + 1) & (capacity - 1) }
            slots[index] = Slot(
                hash: hash, start: UInt32(start), length: UInt32(keys.count - start), value: value)
        }
        self.slots = slots
        self.keys = keys
        self.seed = seed
        mask = capacity - 1
    }

    /// The value of the key `input[start..<end]`, or nil.
    @inline(__always)
    package func find(_ input: RawSpan, from start: Int, to end: Int) -> Int32? {
        let hash = Self.hash(input, from: start, to: end, seed: seed)
        var index = Int(truncatingIfNeeded: hash) & mask
        while true {
            let slot = slots[index]
            if slot.value < 0 { return nil }
            if slot.hash == hash, isKey(slot, input, from: start, to: end) { return slot.value }
            index = (index &+ 1) & mask
        }
    }

    private func isKey(_ slot: Slot, _ input: RawSpan, from start: Int, to end: Int) -> Bool {
        guard end - start == Int(slot.length) else { return false }
        for offset in 0..<Int(slot.length)
        where input.byte(start &+ offset) != keys[Int(slot.start) &+ offset] {
            return false
        }
        return true
    }

    /// Multiply and fold, eight bytes at a time.
    @inline(__always)
    private static func hash(_ input: RawSpan, from start: Int, to end: Int, seed: UInt64) -> UInt64 {
        var hash = seed ^ UInt64(truncatingIfNeeded: end &- start)
        var offset = start
        while offset &+ 8 <= end {
            let word = input.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
            let product = (hash ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
            hash = product.high ^ product.low
            offset &+= 8
        }
        var tail: UInt64 = 0
        while offset < end {
            tail = tail &<< 8 | UInt64(input.byte(offset))
            offset &+= 1
        }
        let product = (hash ^ tail).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        return product.high ^ product.low
    }
}
