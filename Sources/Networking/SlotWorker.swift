internal import CNetlink
internal import Core
internal import LinuxSystem

/// The pool's own thread: it makes slots ahead of demand and cleans used ones, off everybody's path.
struct SlotWorker: ~Copyable {
    var maker: SlotMaker
    var egress: EgressTable
    let shelf: SlotShelf
    let desk: HostDesk
    /// Wakes for the shelf, and for changes of the host's rules.
    let poller: Poller
    /// Nil where there are no rules: the bridge stays down then.
    var watch: FirewallWatch?
    /// What was seen last, and is not mended yet.
    var areRulesLost = false
    var areSettingsPending = false
    var lastFailure: String?
    /// Names in a row that still belonged to a veth on its way out.
    private var collisions = 0
    private static let collisionsAllowed = 16
    /// How long the namespaces' own end may take before what is left of their veths is deleted by name.
    private static let lingering: Int64 = 1_000_000_000

    init(maker: consuming SlotMaker, shelf: SlotShelf, desk: HostDesk) throws(KernelError) {
        let poller = try Poller()
        try poller.add(shelf.wake.descriptor, 0)
        let watch = try maker.network.activeFirewall.map(FirewallWatch.init)
        if let watch { try poller.add(watch.descriptor, 1) }
        self.poller = poller
        self.watch = watch
        areRulesLost = !(watch?.isIntact() ?? true)
        egress = EgressTable(maker.network.activeFirewall)
        self.maker = maker
        self.shelf = shelf
        self.desk = desk
    }

    /// Works until the shelf is stopped, then removes everything from the host.
    consuming func run() {
        while true {
            keepHost()
            switch shelf.nextJob() {
            case .work(let work, let mode, let namespace): perform(work, mode: mode, namespace: namespace)
            case .idle(let nanoseconds): rest(nanoseconds)
            case .stop:
                desk.end()
                shelf.clear()
                takeDown()
                return
            }
        }
    }

    private mutating func perform(_ work: SlotInventory.Work, mode: NetworkMode, namespace: SharedFD?) {
        switch work {
        case .make(let number): make(number, mode: mode)
        case .clean(let number):
            guard let namespace else { return lose(number, mode: mode, reason: nil) }
            do {
                try maker.clean(namespace, number: number)
            } catch {
                fail("a network slot cannot be used again: \(error)")
                return abandon(number, mode: mode)
            }
            offer(number, mode: mode, namespace: namespace)
        case .adapt(let number):
            guard let namespace else { return lose(number, mode: mode, reason: nil) }
            offer(number, mode: mode, namespace: namespace)
        case .drop(let number): lose(number, mode: mode, reason: nil)
        }
    }

    private mutating func make(_ number: UInt32, mode: NetworkMode) {
        do {
            let namespace = try maker.make(number: number, egress: mode == .default)
            collisions = 0
            offer(number, mode: mode, namespace: namespace)
        } catch let error as NetlinkError where error.code == NLE_EXIST && collisions < Self.collisionsAllowed
        {
            collisions += 1
            lose(number, mode: mode, reason: nil)
        } catch {
            lose(number, mode: mode, reason: "\(error)")
        }
    }

    /// Gives a clean slot to the shelf, with the rules that it is to have there.
    private mutating func offer(_ number: UInt32, mode: NetworkMode, namespace: SharedFD) {
        while case .wanted(let rules) = shelf.offer(
            number, mode: mode, namespace: namespace, rules: egress.rules(of: number))
        {
            do { try egress.set(rules, of: number) } catch {
                return lose(number, mode: mode, reason: error.message)
            }
        }
    }

    /// What cannot be cleaned is not used again. While somebody may still send from there its rules hold.
    private mutating func abandon(_ number: UInt32, mode: NetworkMode) {
        do { try maker.disconnect(number) } catch {
            return shelf.lost(number, mode: mode, reason: nil)
        }
        lose(number, mode: mode, reason: nil)
    }

    /// The next slot of this number has all that it begins with.
    private mutating func lose(_ number: UInt32, mode: NetworkMode, reason: String?) {
        do { try egress.set(nil, of: number) } catch {
            // They are still known, and replaced before anybody gets a slot of this number.
        }
        shelf.lost(number, mode: mode, reason: reason)
    }

    /// The kernel deletes the veths of dead namespaces together, which is far cheaper than one by one.
    private borrowing func takeDown() {
        let pause = try? WakeEvent()
        let end = KernelClock.monotonic() + Self.lingering
        while KernelClock.monotonic() < end, maker.network.hasHostEnds(netlink: maker.netlink) {
            pause?.wait(nanoseconds: 10_000_000)
        }
        maker.network.tearDown(netlink: maker.netlink)
    }
}
