import Foundation
import Glibc
import Synchronization

/// Why a test cannot go on.
struct TestFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Looks again and again until there is something.
/// - Throws: `TestFailure` that names what was waited for; what the last look threw is told.
func eventually<Value>(
    _ what: String, within limit: Duration = .seconds(10), _ look: () throws -> Value?
) throws -> Value {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    var problem: (any Error)?
    while true {
        do {
            if let value = try look() { return value }
            problem = nil
        } catch {
            problem = error
        }
        guard clock.now < deadline else {
            throw TestFailure("\(what) did not come within \(limit)" + (problem.map { ": \($0)" } ?? ""))
        }
        pause(.milliseconds(5))
    }
}

/// As `eventually`, for a condition.
func becomesTrue(_ what: String, within limit: Duration = .seconds(10), _ holds: () throws -> Bool) throws {
    try eventually(what, within: limit) { try holds() ? () : nil }
}

/// Blocks this thread.
func pause(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    usleep(UInt32(seconds * 1_000_000 + attoseconds / 1_000_000_000_000))
}

/// Work on a thread of its own, as the tests' clients block.
final class Background<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)

    init(_ body: @escaping @Sendable () throws -> Value) {
        let thread = Thread { [self] in
            let outcome = Result { try body() }
            result.withLock { $0 = outcome }
        }
        thread.stackSize = 1 << 20
        thread.start()
    }

    var isOver: Bool { result.withLock { $0 != nil } }

    func wait(_ limit: Duration = .seconds(60)) throws -> Value {
        try eventually("the end of a thread", within: limit) { result.withLock { $0 } }.get()
    }
}

/// Runs a body on `count` threads at once and returns what each gave, in order.
func concurrently<Value: Sendable>(
    _ count: Int, within limit: Duration = .seconds(60), _ body: @escaping @Sendable (Int) throws -> Value
) throws -> [Value] {
    let threads = (0..<count).map { number in Background { try body(number) } }
    return try threads.map { try $0.wait(limit) }
}

/// Numbers that a seed reproduces (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
