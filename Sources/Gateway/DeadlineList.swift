internal import NIOCore

/// The deadlines of a loop's client connections, with one timer for all: it runs at the earliest deadline known when
/// it was set, looks at every connection, and is set anew. Moving a deadline away costs a store, so a busy connection
/// costs nothing here, and nothing is allocated for a request.
final class DeadlineList {
    /// Nanoseconds between two runs at least, so that many short timeouts cannot take the loop.
    private static let shortestInterval: UInt64 = 2_000_000

    private let eventLoop: any EventLoop
    private var members: [ClientExchange] = []
    private var next = UInt64.max
    private var timer: Scheduled<Void>?

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    var all: [ClientExchange] { members }

    func add(_ member: ClientExchange) {
        member.listIndex = members.count
        members.append(member)
    }

    func remove(_ member: ClientExchange) {
        let index = member.listIndex
        guard index < members.count, members[index] === member, let last = members.popLast() else { return }
        if last !== member {
            members[index] = last
            last.listIndex = index
        }
    }

    /// A member's deadline was set to `deadline`.
    @inline(__always)
    func note(_ deadline: UInt64) {
        if deadline < next { schedule(deadline) }
    }

    private func schedule(_ deadline: UInt64) {
        next = deadline
        timer?.cancel()
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        timer = eventLoop.scheduleTask(deadline: .uptimeNanoseconds(deadline)) { bound.value.run() }
    }

    private func run() {
        let now = GatewayLoop.now()
        next = .max
        timer = nil
        // Members may leave while they are told.
        for member in members.filter({ $0.deadline <= now }) { member.expired(now) }
        let earliest = members.reduce(UInt64.max) { min($0, $1.deadline) }
        if earliest < next { schedule(max(earliest, now + Self.shortestInterval)) }
    }
}
