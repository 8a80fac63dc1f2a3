internal import CNetlink
internal import Core
internal import LinuxSystem

/// The pool's own thread: it makes slots ahead of demand and cleans used ones, off everybody's path.
struct SlotWorker: ~Copyable {
    private let maker: SlotMaker
    private let shelf: SlotShelf
    /// Names in a row that still belonged to a veth on its way out.
    private var collisions = 0
    private static let collisionsAllowed = 16
    /// How long the namespaces' own end may take before what is left of their veths is deleted by name.
    private static let lingering: Int64 = 1_000_000_000

    init(maker: consuming SlotMaker, shelf: SlotShelf) {
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
            guard let namespace, (try? maker.clean(namespace)) != nil else {
                // What cannot be cleaned is not used again; the veth goes with its namespace.
                return shelf.lost(number, mode: mode, reason: nil)
            }
            shelf.finished(number, mode: mode, namespace: namespace)
        case .drop(let number): shelf.lost(number, mode: mode, reason: nil)
        }
    }

    private mutating func make(_ number: UInt32, mode: NetworkMode) {
        do {
            let namespace = try maker.make(number: number, egress: mode == .default)
            collisions = 0
            shelf.finished(number, mode: mode, namespace: namespace)
        } catch let error as NetlinkError where error.code == NLE_EXIST && collisions < Self.collisionsAllowed
        {
            collisions += 1
            shelf.lost(number, mode: mode, reason: nil)
        } catch {
            shelf.lost(number, mode: mode, reason: "\(error)")
        }
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
