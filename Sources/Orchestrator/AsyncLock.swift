internal import DequeModule

/// First come, first served, across awaits: what one holder does is over before the next begins.
/// Confined to one actor; a holder that is cancelled still gets its turn and must release.
struct AsyncLock {
    private var isHeld = false
    private var waiters: Deque<CheckedContinuation<Void, Never>> = []

    /// True when the lock is taken at once; else the caller suspends and passes its continuation to `enqueue`.
    mutating func tryTake() -> Bool {
        defer { isHeld = true }
        return !isHeld
    }

    mutating func enqueue(_ continuation: CheckedContinuation<Void, Never>) { waiters.append(continuation) }

    mutating func release() {
        if let next = waiters.popFirst() { next.resume() } else { isHeld = false }
    }
}
