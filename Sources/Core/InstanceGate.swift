import Synchronization

/// The one word that the gateway's loops and the orchestrator share about an instance: whether it may take a request,
/// how many it has in flight, and when it was last used. Every change is a compare-and-swap, so that a request that
/// races with the freezer or with a drain is either in flight before them or turned away to another instance: it is
/// never lost.
///
/// | phase | who enters it | who leaves it |
/// | --- | --- | --- |
/// | `open` | orchestrator when ready; the loop that thawed | orchestrator (`beginFreeze`, `close`) |
/// | `freezing` | `beginFreeze`, only with nothing in flight | `endFreeze` |
/// | `frozen` | `endFreeze` | a loop's `enter`, which must thaw at once; `close` |
/// | `closed` | `close` | nobody |
package final class InstanceGate: Sendable {
    package enum Phase: UInt64, Sendable {
        case open = 0
        case freezing = 1
        case frozen = 2
        case closed = 3
    }

    package enum Entry: Sendable, Equatable {
        /// In flight now; the caller must `leave`.
        case entered
        /// In flight now, and the caller must thaw the instance before it sends: the phase is `open` already.
        case enteredFrozen
        /// All of `concurrency` is taken.
        case full
        /// Draining or gone: look for another instance.
        case closed
    }

    package enum Departure: Sendable, Equatable {
        case left
        /// The last request of a closed instance has left: tell the orchestrator.
        case drained
    }

    package enum Hold: Sendable, Equatable {
        /// The caller must `release`.
        case held
        /// The same, and the caller must thaw the instance first: the phase is `open` already.
        case heldFrozen
        case closed
    }

    /// Bits 0 to 31: in flight; bits 32 to 33: phase; bits 40 to 63: holds.
    private let word = Atomic<UInt64>(Phase.closed.rawValue << 32)
    private let lastUsed = Atomic<Int64>(0)
    /// Requests that ever entered.
    private let entries = Atomic<UInt64>(0)
    /// Hard limit of requests in flight.
    package let limit: UInt32

    /// - Parameter concurrency: the function's `concurrency`; 0 is no limit.
    package init(concurrency: Int) {
        limit = concurrency == 0 ? .max : UInt32(concurrency)
    }

    package var inFlight: Int { Int(word.load(ordering: .relaxed) & 0xffff_ffff) }
    /// How many keep it from being frozen, or stopped for idleness, without being requests: people who look into it.
    package var holds: Int { Int(word.load(ordering: .relaxed) >> 40) }
    package var phase: Phase { Self.phase(of: word.load(ordering: .acquiring)) }
    package var served: UInt64 { entries.load(ordering: .relaxed) }
    /// Nanoseconds of the injected clock at the last `enter` or `leave`.
    package var lastUsedAt: Int64 { lastUsed.load(ordering: .relaxed) }

    /// Closed → open: the orchestrator found the instance ready.
    package func open(now: Int64) {
        lastUsed.store(now, ordering: .relaxed)
        word.store(Phase.open.rawValue << 32, ordering: .releasing)
    }

    /// A request wants in. Any thread.
    package func enter(now: Int64) -> Entry {
        var seen = word.load(ordering: .acquiring)
        while true {
            let phase = Self.phase(of: seen)
            if phase == .closed { return .closed }
            if UInt32(truncatingIfNeeded: seen) >= limit { return .full }
            // While the freezer works (`freezing`) the request only counts itself: `endFreeze` sees it and thaws.
            let next = phase == .frozen ? (Phase.open.rawValue << 32) | 1 : seen + 1
            let (done, actual) = word.weakCompareExchange(
                expected: seen, desired: next, ordering: .acquiringAndReleasing)
            if done {
                entries.wrappingAdd(1, ordering: .relaxed)
                lastUsed.store(now, ordering: .relaxed)
                return phase == .frozen ? .enteredFrozen : .entered
            }
            seen = actual
        }
    }

    /// A request that entered is over.
    package func leave(now: Int64) -> Departure {
        lastUsed.store(now, ordering: .relaxed)
        let (old, new) = word.wrappingSubtract(1, ordering: .acquiringAndReleasing)
        precondition(old & 0xffff_ffff > 0, "leave without enter")
        return new & 0xffff_ffff == 0 && Self.phase(of: new) == .closed ? .drained : .left
    }

    /// Open → freezing, only with nothing in flight. The caller then writes `cgroup.freeze` and calls `endFreeze`.
    package func beginFreeze() -> Bool {
        word.compareExchange(
            expected: Phase.open.rawValue << 32, desired: Phase.freezing.rawValue << 32,
            ordering: .acquiringAndReleasing
        ).exchanged
    }

    /// Freezing → frozen. False when a request came meanwhile: the phase is `open` again and the caller must thaw.
    package func endFreeze(frozen: Bool) -> Bool {
        let target = frozen ? Phase.frozen : Phase.open
        if word.compareExchange(
            expected: Phase.freezing.rawValue << 32, desired: target.rawValue << 32,
            ordering: .acquiringAndReleasing
        ).exchanged {
            return frozen
        }
        // Somebody entered, or the instance was closed: keep the count.
        var seen = word.load(ordering: .acquiring)
        while Self.phase(of: seen) == .freezing {
            let next = Self.word(seen, in: .open)
            let (done, actual) = word.weakCompareExchange(
                expected: seen, desired: next, ordering: .acquiringAndReleasing)
            if done { break }
            seen = actual
        }
        return false
    }

    /// Any phase → closed. Returns what it was and how many are still in flight; with none the instance has drained
    /// and no `leave` will say so.
    package func close() -> (was: Phase, inFlight: Int) {
        var seen = word.load(ordering: .acquiring)
        while true {
            let next = Self.word(seen, in: .closed)
            let (done, actual) = word.weakCompareExchange(
                expected: seen, desired: next, ordering: .acquiringAndReleasing)
            if done { return (Self.phase(of: seen), Int(seen & 0xffff_ffff)) }
            seen = actual
        }
    }

    /// Somebody looks into the instance: it stays awake, and alive as long as nobody wants it to end. Counts neither as a
    /// request nor against `concurrency`, and does not hold up a drain. Any thread.
    package func hold(now: Int64) -> Hold {
        var seen = word.load(ordering: .acquiring)
        while true {
            let phase = Self.phase(of: seen)
            if phase == .closed { return .closed }
            let next = phase == .frozen ? Self.word(seen, in: .open) + Self.oneHold : seen + Self.oneHold
            let (done, actual) = word.weakCompareExchange(
                expected: seen, desired: next, ordering: .acquiringAndReleasing)
            if done {
                lastUsed.store(now, ordering: .relaxed)
                return phase == .frozen ? .heldFrozen : .held
            }
            seen = actual
        }
    }

    /// Whoever held is done.
    package func release(now: Int64) {
        lastUsed.store(now, ordering: .relaxed)
        let (old, _) = word.wrappingSubtract(Self.oneHold, ordering: .acquiringAndReleasing)
        precondition(old >= Self.oneHold, "release without hold")
    }

    private static let oneHold: UInt64 = 1 << 40

    /// The same counts in another phase.
    private static func word(_ word: UInt64, in phase: Phase) -> UInt64 {
        word & ~(3 << 32) | phase.rawValue << 32
    }

    private static func phase(of word: UInt64) -> Phase {
        guard let phase = Phase(rawValue: word >> 32 & 3) else {
            preconditionFailure("two bits hold four phases")
        }
        return phase
    }
}
