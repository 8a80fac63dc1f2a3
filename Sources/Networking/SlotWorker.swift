internal import CNetlink
internal import Core
internal import LinuxSystem

/// The pool's own thread: it makes slots ahead of demand and cleans used ones, off everybody's path.
struct SlotWorker: ~Copyable {
    private var maker: SlotMaker
    private var egress: EgressTable
    private let shelf: SlotShelf
    /// Names in a row that still belonged to a veth on its way out.
    private var collisions = 0
    private static let collisionsAllowed = 16
    /// How long the namespaces' own end may take before what is left of their veths is deleted by name.
    private static let lingering: Int64 = 1_000_000_000

    init(maker: consuming SlotMaker, shelf: SlotShelf) {
        egress = EgressTable(maker.network.activeFirewall)
        self.maker = maker
        self.shelf = shelf
    }

    /// Works until the shelf is stopped, then removes everything from the host.
    consuming func run() {
        while true {
            switch shelf.nextJob() {
            case .work(let work, let mode, let namespace): perform(work, mode: mode, namespace: namespace)
            case .idle(let nanoseconds): shelf.wake.wait(nanoseconds: nanoseconds)
            case .stop:
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
            guard let namespace, (try? maker.clean(namespace, number: number)) != nil else {
                // What cannot be cleaned is not used again; the veth goes with its namespace.
                return lose(number, mode: mode, reason: nil)
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
