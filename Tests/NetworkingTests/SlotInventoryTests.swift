import Core
import Networking
import Testing

@Suite struct SlotInventoryTests {
    private func inventory(capacity: Int = 10, spare: Int = 2) -> SlotInventory {
        SlotInventory(numbers: SlotNumbers(2...UInt32(capacity + 1)), capacity: capacity, leastSpare: spare)
    }

    /// Does all work that is due now; returns how much there was.
    private func work(_ inventory: inout SlotInventory, trim: Bool = false) -> Int {
        var count = 0
        while let work = inventory.nextWork(waiting: 0, paused: false, trim: trim) {
            count += 1
            if case .drop(let number) = work {
                inventory.lost(number)
            } else {
                inventory.finished(work.number, taken: false)
            }
        }
        return count
    }

    @Test("spares are made ahead, more with use, never more than there may be")
    func spares() {
        var inventory = inventory(capacity: 100)
        let first = work(&inventory)
        #expect(first == 2)
        for used in 1...80 {
            let slot = inventory.acquire()
            #expect(slot != nil)
            _ = work(&inventory)
            #expect(inventory.ready.count >= min(2 + used / 4, 100 - used) && inventory.total <= 100)
        }
    }

    @Test("a released slot is cleaned before it is given again; a second release is ignored")
    func cleaning() throws {
        var inventory = inventory(capacity: 1, spare: 1)
        _ = work(&inventory)
        let acquired = inventory.acquire()
        let slot = try #require(acquired)
        let second = inventory.acquire()
        #expect(inventory.isExhausted && second == nil)
        inventory.release(slot)
        inventory.release(slot)
        let third = inventory.acquire()
        #expect(inventory.dirty == [slot] && third == nil)
        let next = inventory.nextWork(waiting: 1, paused: false, trim: false)
        #expect(next == .clean(slot))
        inventory.finished(slot, taken: true)
        #expect(inventory.inUse == 1 && inventory.ready.isEmpty)
    }

    @Test("after a failure only those who wait have slots made")
    func pause() {
        var inventory = inventory()
        let ahead = inventory.nextWork(waiting: 0, paused: true, trim: false)
        let first = inventory.nextWork(waiting: 1, paused: true, trim: false)
        inventory.lost(2)
        let second = inventory.nextWork(waiting: 1, paused: true, trim: false)
        #expect(ahead == nil && first == .make(2) && second == .make(3))
    }

    @Test("a surplus is given back when nobody needs it, down to twice the spares")
    func trimming() {
        var inventory = inventory(capacity: 40)
        var slots: [UInt32] = []
        for _ in 0..<30 {
            _ = work(&inventory)
            if let slot = inventory.acquire() { slots.append(slot) }
        }
        for slot in slots { inventory.release(slot) }
        _ = work(&inventory)
        #expect(inventory.ready.count >= 30)
        _ = work(&inventory, trim: true)
        #expect(inventory.ready.count == 4)
    }

    @Test("a number is used again only after all others")
    func numbers() {
        var numbers = SlotNumbers(2...4)
        let first = [numbers.take(), numbers.take()]
        numbers.giveBack(2)
        let rest = [numbers.take(), numbers.take(), numbers.take()]
        #expect(first == [2, 3] && rest == [4, 2, nil])
    }
}

@Suite struct FirewallTests {
    @Test("chains that drop what is forwarded are found in a listing")
    func foreignDrops() {
        let listing = """
            table ip filter {
            \tchain FORWARD {
            \t\ttype filter hook forward priority filter; policy drop;
            \t}
            \tchain INPUT {
            \t\ttype filter hook input priority filter; policy drop;
            \t}
            }
            table inet other {
            \tchain forward {
            \t\ttype filter hook forward priority filter; policy accept;
            \t}
            }
            """
        #expect(Firewall.droppingForwardChains(listing) == ["ip filter FORWARD"])
        #expect(Firewall.droppingForwardChains("").isEmpty)
    }
}

@Suite struct SocketCountTests {
    @Test("the kernel's counts are read; anything else is unknown")
    func parsing() {
        let four = "sockets: used 12\nTCP: inuse 2 orphan 1 tw 3 alloc 5 mem 0\nUDP: inuse 7 mem 0\n"
        let count = SocketCount(sockstat: four, sockstat6: "TCP6: inuse 4\nUDP6: inuse 9\n")
        #expect(count?.inUse == 6 && count?.timeWait == 3 && count?.isZero == false)
        let none = "TCP: inuse 0 orphan 0 tw 0 alloc 5 mem 0\n"
        #expect(SocketCount(sockstat: none, sockstat6: "")?.isZero == true)
        #expect(SocketCount(sockstat: none, sockstat6: "TCP6: inuse 1\n")?.isZero == false)
        #expect(SocketCount(sockstat: "", sockstat6: "") == nil)
    }
}
