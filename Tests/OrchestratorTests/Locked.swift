import Synchronization

final class Locked: Sendable {
    private let value: Atomic<Int>
    init(_ initial: Int) { value = Atomic(initial) }
    func increment() -> Int { value.wrappingAdd(1, ordering: .relaxed).newValue }
}
