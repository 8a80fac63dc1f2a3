internal import Core
internal import Scaling

// Freezing, stopping, draining.
extension FunctionMachine {
    /// Freezes and stops what nobody uses; the most recently used `floor` instances stay ready.
    mutating func reap(_ now: Int64, _ effects: inout [FunctionEffect]) {
        guard let active, let capacity else { return }
        var stopped = false
        for instance in reapable(capacity) {
            switch decision(instance, active, now) {
            case .keep: break
            case .freeze:
                if instance.gate.beginFreeze() { effects.append(.freeze(instance.id)) }
            case .stop:
                drain(instance.id, .idle, now, &effects)
                stopped = true
            }
        }
        if stopped { publish(&effects) }
    }

    /// The moment (monotonic nanoseconds) at which `.alarm` is due next, or nil.
    package func nextAlarm(now: Int64) -> Int64? {
        var next = instances.values.compactMap(\.killAt).min() ?? .max
        if let active, let capacity {
            for instance in reapable(capacity) {
                guard instance.gate.phase != .freezing else { continue }
                if case .keep(let until) = decision(instance, active, now) {
                    next = min(next, until)
                } else {
                    next = now
                }
            }
            if capacity.floor > 0, let blocked = blocked(at: now) { next = min(next, blocked) }
        }
        return next == .max ? nil : max(next, now)
    }

    private func reapable(_ capacity: Capacity) -> ArraySlice<Instance> {
        let ready = instances.values.filter {
            $0.state == .ready && $0.revision == record.active && $0.gate.phase != .closed
        }
        guard ready.count > capacity.floor else { return [] }
        return ready.sorted { ($0.gate.lastUsedAt, $0.id) > ($1.gate.lastUsedAt, $1.id) }.dropFirst(
            capacity.floor)
    }

    private func decision(_ instance: Instance, _ revision: Revision, _ now: Int64) -> IdlePolicy.Decision {
        IdlePolicy.decide(
            revision.spec.scale, frozen: instance.gate.phase == .frozen, canFreeze: instance.canFreeze,
            inFlight: instance.gate.inFlight + instance.gate.holds, lastUsed: instance.gate.lastUsedAt,
            now: now)
    }

    /// No new request; SIGTERM as soon as those in flight have left.
    mutating func drain(
        _ id: InstanceID, _ end: PlannedEnd, _ now: Int64, _ effects: inout [FunctionEffect]
    ) {
        guard let instance = instances[id], instance.state.leads(to: .draining) else { return }
        instances[id]?.end = end
        instances[id]?.move(to: .draining)
        if instance.gate.close().inFlight == 0 { terminate(id, now, &effects) }
    }

    mutating func terminate(_ id: InstanceID, _ now: Int64, _ effects: inout [FunctionEffect]) {
        guard let instance = instances[id], instance.killAt == nil else { return }
        let grace = revisions[instance.revision]?.spec.stopGrace ?? .zero
        instances[id]?.killAt = now + grace.nanoseconds
        effects.append(.terminate(id))
    }

    mutating func killOverdue(_ now: Int64, _ effects: inout [FunctionEffect]) {
        for instance in instances.values where instance.killAt.map({ $0 <= now }) ?? false {
            // Said once: what `kill` cannot end, nothing can.
            instances[instance.id]?.killAt = .max
            effects.append(.kill(instance.id))
        }
    }

    mutating func remove(_ now: Int64, _ effects: inout [FunctionEffect]) {
        isRemoved = true
        tell(.removed, "the function was removed", &effects)
        if let candidate { cancel(candidate, cause: "Removed", "the function was removed", &effects) }
        close(.removed, now, &effects)
    }

    mutating func close(_ end: PlannedEnd, _ now: Int64, _ effects: inout [FunctionEffect]) {
        isClosing = true
        if let candidate { cancel(candidate, cause: "Closing", "the daemon stops", &effects) }
        for id in instances.keys.sorted() { drain(id, end, now, &effects) }
    }
}
