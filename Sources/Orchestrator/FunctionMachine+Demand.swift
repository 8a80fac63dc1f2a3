internal import Core
package import Scaling

// Starting instances: because a request waits, and because the function shall keep some.
extension FunctionMachine {
    package var capacity: Capacity? { active.map { Capacity($0.spec.scale, manual: record.manualScale) } }

    /// Instances of the active revision that live or come to life.
    private var living: [Instance] {
        instances.values.filter { $0.revision == record.active && !$0.state.isOver && $0.state != .draining }
    }

    /// - Parameter cause: a request, or somebody who wants to look in.
    mutating func demand(
        _ cause: StartCause, _ now: Int64, _ unixTime: Int64, _ effects: inout [FunctionEffect]
    ) {
        guard isOpen else { return }
        let isComing = instances.values.contains {
            ($0.state == .creating || $0.state == .starting)
                && ($0.revision == record.active || record.active == nil)
        }
        if isComing { return }
        guard let active, let capacity else {
            effects.append(.failWaiters)
            return
        }
        // The demand may be older than the room: say again who has some, which lets waiting requests in.
        let hasRoom = living.contains {
            $0.state == .ready && $0.gate.phase != .closed && $0.gate.inFlight < Int($0.gate.limit)
        }
        if hasRoom {
            publish(&effects)
            return
        }
        guard living.count < capacity.ceiling else { return }
        // The request waits until another function's instance is gone, or for its queueTimeout.
        guard room > 0 else {
            holdBack(cause, now, &effects)
            return
        }
        if backoff.blocked(at: now) != nil {
            effects.append(.failWaiters)
            return
        }
        start(active, cause, now, unixTime, &effects)
    }

    /// One more instance, where there may be one and none is coming: nobody waits for it.
    mutating func crowded(_ now: Int64, _ unixTime: Int64, _ effects: inout [FunctionEffect]) {
        guard isOpen, let active, let capacity, blocked(at: now) == nil else { return }
        let living = living
        let isComing = living.contains { $0.state != .ready }
        let target = active.spec.requestTarget
        let hasRoom = living.contains { $0.gate.phase != .closed && $0.gate.inFlight < target }
        guard !isComing, !hasRoom, living.count < capacity.ceiling else { return }
        guard room > 0 else {
            lacksRoom = true
            return
        }
        start(active, .crowd, now, unixTime, &effects)
    }

    /// How long nothing is said again while nothing changes.
    private static let reminder: Int64 = 60_000_000_000

    private mutating func holdBack(
        _ cause: StartCause, _ now: Int64, _ effects: inout [FunctionEffect]
    ) {
        lacksRoom = true
        if let told = toldOfRoomAt, now - told < Self.reminder { return }
        toldOfRoomAt = now
        effects.append(.held(cause))
    }

    /// Until when no instance is started that nobody asked for.
    func blocked(at now: Int64) -> Int64? {
        [backoff.blocked(at: now), crashes.blocked(at: now)].compactMap { $0 }.max()
    }

    mutating func start(
        _ revision: Revision, _ cause: StartCause, _ now: Int64, _ unixTime: Int64,
        _ effects: inout [FunctionEffect]
    ) {
        if room != .max { room -= 1 }
        toldOfRoomAt = nil
        lacksRoom = false
        let id = makeID()
        instances[id] = Instance(
            id: id, revision: revision.id.number, gate: InstanceGate(concurrency: revision.spec.requestLimit),
            createdAt: unixTime, launchedAt: now, cause: cause)
        effects.append(.launch(id, revision))
    }

    /// Keeps `floor` instances alive.
    mutating func maintain(_ now: Int64, _ unixTime: Int64, _ effects: inout [FunctionEffect]) {
        guard isOpen, let active, let capacity, blocked(at: now) == nil else { return }
        let missing = max(0, capacity.floor - living.count)
        if missing > max(0, room) { holdBack(.kept, now, &effects) }
        for _ in 0..<min(missing, max(0, room)) {
            start(active, .kept, now, unixTime, &effects)
        }
    }

    mutating func scale(_ count: Int?, _ now: Int64, _ unixTime: Int64, _ effects: inout [FunctionEffect]) {
        record.manualScale = count
        effects.append(.save(record))
        tell(.scaled, count.map { "kept at \($0) by hand" } ?? "back to automatic scaling", &effects)
        guard let count, let capacity else { return }
        backoff.succeeded()
        let surplus = living.count - (count == 0 ? 0 : capacity.ceiling)
        guard surplus > 0 else { return }
        let idlestFirst = living.sorted {
            ($0.gate.inFlight, $0.gate.lastUsedAt, $0.id) < ($1.gate.inFlight, $1.gate.lastUsedAt, $1.id)
        }
        for instance in idlestFirst.prefix(surplus) { drain(instance.id, .scaledDown, now, &effects) }
        publish(&effects)
    }
}
