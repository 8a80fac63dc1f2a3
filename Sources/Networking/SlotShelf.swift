internal import Core
internal import LinuxSystem
internal import Synchronization

/// What the callers of the pool and its thread share: slots, and who waits for one. Locked for moments only, so that
/// event loops may ask.
final class SlotShelf: Sendable {
    typealias Outcome = Result<UInt32, InstanceFailure>

    /// What the thread does next.
    enum Job {
        case work(SlotInventory.Work, NetworkMode, SharedFD?)
        /// Nothing; look again after so many nanoseconds, or when woken.
        case idle(Int64?)
        case stop
    }

    private struct Waiter {
        let id: UInt64
        let rules: [EgressRule]?
        let continuation: CheckedContinuation<Outcome, Never>
    }

    private struct Slot {
        let mode: NetworkMode
        let namespace: SharedFD
        /// What may be reached from it (`EgressTable`).
        let rules: [EgressRule]?
    }

    private struct Shelf {
        var inventory: SlotInventory
        var waiters: [Waiter] = []
    }

    private struct State {
        var slots: [UInt32: Slot] = [:]
        var shelves: [NetworkMode: Shelf]
        var nextWaiter: UInt64 = 0
        var stopping = false
        /// Monotonic nanoseconds: spare slots are not made before, because making one failed.
        var pausedUntil: Int64 = 0
        var lastAcquired: Int64 = 0
    }

    let wake: WakeEvent
    private let state: Mutex<State>
    /// Surplus slots are given back when nobody has acquired one for this long, one per `trimInterval`.
    private static let trimAfter: Int64 = 60_000_000_000
    private static let trimInterval: Int64 = 1_000_000_000

    init(inventories: [NetworkMode: SlotInventory]) throws {
        wake = try WakeEvent()
        state = Mutex(State(shelves: inventories.mapValues { Shelf(inventory: $0) }))
    }

    func namespace(of number: UInt32) -> SharedFD? { state.withLock { $0.slots[number]?.namespace } }

    /// What may be reached from a slot with egress; nil where it is none.
    func network(of number: UInt32) -> NetworkSpec? {
        state.withLock { state in
            guard let slot = state.slots[number], slot.mode == .default else { return nil }
            return slot.rules.map { .egress($0) } ?? .default
        }
    }

    /// A ready slot, or nil when one must be waited for.
    func takeReady(_ network: NetworkSpec) -> UInt32? {
        let number = state.withLock { state -> UInt32? in
            guard !state.stopping, let number = Self.acquire(network, &state) else { return nil }
            state.lastAcquired = KernelClock.monotonic()
            return number
        }
        if number != nil { wake.signal() }
        return number
    }

    private static func acquire(_ network: NetworkSpec, _ state: inout State) -> UInt32? {
        let (slots, rules) = (state.slots, network.rules)
        return state.shelves[network.mode]?.inventory.acquire { slots[$0]?.rules == rules }
    }

    /// Names a waiter before it waits, so that it can be cancelled at any moment.
    func ticket() -> UInt64 {
        state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
    }

    func wait(_ network: NetworkSpec, ticket: UInt64, continuation: CheckedContinuation<Outcome, Never>) {
        let mode = network.mode
        let outcome = state.withLock { state -> Outcome? in
            if state.stopping { return .failure(Self.failure("the network is being shut down")) }
            // Seen under the lock: a cancellation that comes later finds the waiter in the line.
            if Task.isCancelled { return .failure(Self.failure("the start was cancelled")) }
            if let number = Self.acquire(network, &state) { return .success(number) }
            guard let shelf = state.shelves[mode] else {
                return .failure(Self.failure("no slots of mode \(mode.rawValue)"))
            }
            if shelf.inventory.isExhausted {
                let text =
                    "all \(shelf.inventory.capacity) network slots are in use; a larger --subnet has more"
                return .failure(Self.failure(text))
            }
            let waiter = Waiter(id: ticket, rules: network.rules, continuation: continuation)
            state.shelves[mode]?.waiters.append(waiter)
            state.lastAcquired = KernelClock.monotonic()
            return nil
        }
        if let outcome { continuation.resume(returning: outcome) }
        wake.signal()
    }

    /// The waiter no longer wants one.
    func cancel(_ ticket: UInt64, mode: NetworkMode) {
        let waiter = state.withLock { state -> Waiter? in
            guard let index = state.shelves[mode]?.waiters.firstIndex(where: { $0.id == ticket }) else {
                return nil
            }
            return state.shelves[mode]?.waiters.remove(at: index)
        }
        waiter?.continuation.resume(returning: .failure(Self.failure("the start was cancelled")))
    }

    func release(_ number: UInt32) {
        state.withLock { state in
            guard let mode = state.slots[number]?.mode else { return }
            state.shelves[mode]?.inventory.release(number)
        }
        wake.signal()
    }

    /// Called by the thread. Those who wait come first, then cleaning, then spares.
    func nextJob() -> Job {
        state.withLock { state in
            if state.stopping { return .stop }
            let now = KernelClock.monotonic()
            let trim = now - state.lastAcquired > Self.trimAfter
            let paused = now < state.pausedUntil
            let order = state.shelves.keys.sorted {
                (state.shelves[$0]?.waiters.count ?? 0) > (state.shelves[$1]?.waiters.count ?? 0)
            }
            for mode in order {
                guard var shelf = state.shelves[mode] else { continue }
                let work = shelf.inventory.nextWork(waiting: shelf.waiters.count, paused: paused, trim: trim)
                state.shelves[mode] = shelf
                guard let work else { continue }
                return .work(work, mode, state.slots[work.number]?.namespace)
            }
            if paused { return .idle(state.pausedUntil - now) }
            let surplus = state.shelves.values.contains { $0.inventory.hasSurplus }
            return .idle(surplus ? Self.trimInterval : nil)
        }
    }

    /// What becomes of a slot that is clean.
    enum Offer {
        case taken
        /// It is to be offered again when these rules are set.
        case wanted([EgressRule]?)
    }

    /// The slot is clean: whoever waited the longest has it, once what may be reached from it is what they asked for.
    /// With nobody there, enough slots without rules are kept ready; beyond that each keeps the rules of its last user,
    /// who is the most likely next one.
    func offer(_ number: UInt32, mode: NetworkMode, namespace: SharedFD, rules: [EgressRule]?) -> Offer {
        let (offer, waiter) = state.withLock { state -> (Offer, Waiter?) in
            state.slots[number] = Slot(mode: mode, namespace: namespace, rules: rules)
            guard var shelf = state.shelves[mode] else { return (.taken, nil) }
            if let first = shelf.waiters.first, first.rules != rules { return (.wanted(first.rules), nil) }
            let waiter = shelf.waiters.isEmpty ? nil : shelf.waiters.removeFirst()
            if waiter == nil, rules != nil {
                let open = shelf.inventory.ready.count { state.slots[$0]?.rules == nil }
                if open < shelf.inventory.spareWanted { return (.wanted(nil), nil) }
            }
            shelf.inventory.finished(number, taken: waiter != nil)
            state.shelves[mode] = shelf
            return (.taken, waiter)
        }
        waiter?.continuation.resume(returning: .success(number))
        return offer
    }

    /// The slot is no more. - Parameter reason: why it could not be made; those who wait are told.
    func lost(_ number: UInt32, mode: NetworkMode, reason: String?) {
        let waiters = state.withLock { state -> [Waiter] in
            state.slots[number] = nil
            state.shelves[mode]?.inventory.lost(number)
            guard reason != nil else { return [] }
            state.pausedUntil = KernelClock.monotonic() + Self.trimInterval
            let waiters = state.shelves[mode]?.waiters ?? []
            state.shelves[mode]?.waiters = []
            return waiters
        }
        let failure = Self.failure("a network slot could not be made: \(reason ?? "")")
        for waiter in waiters { waiter.continuation.resume(returning: .failure(failure)) }
    }

    /// From now on there are no slots: those who wait are told, the thread stops.
    func stop() {
        let waiters = state.withLock { state -> [Waiter] in
            state.stopping = true
            let waiters = state.shelves.values.flatMap(\.waiters)
            for mode in state.shelves.keys { state.shelves[mode]?.waiters = [] }
            return waiters
        }
        let failure = Self.failure("the network is being shut down")
        for waiter in waiters { waiter.continuation.resume(returning: .failure(failure)) }
        wake.signal()
    }

    /// Forgets every namespace, so that each ends with its last user.
    func clear() { state.withLock { $0.slots = [:] } }

    /// For tests and metrics: ready, used and all slots of a mode.
    func counts(_ mode: NetworkMode) -> (ready: Int, inUse: Int, total: Int) {
        state.withLock { state in
            guard let inventory = state.shelves[mode]?.inventory else { return (0, 0, 0) }
            return (inventory.ready.count, inventory.inUse, inventory.total)
        }
    }

    private static func failure(_ message: String) -> InstanceFailure {
        InstanceFailure(phase: .create, cause: "NoSlot", message: message)
    }
}
