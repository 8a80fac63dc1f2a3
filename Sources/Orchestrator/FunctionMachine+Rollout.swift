internal import Core
internal import Scaling

// Changing revisions: the new one is brought up, then takes over, then the old one drains. No request fails.
extension FunctionMachine {
    mutating func deploy(
        _ revision: Revision, _ now: Int64, _ unixTime: Int64, _ effects: inout [FunctionEffect]
    ) {
        let number = revision.id.number
        revisions[number] = revision
        record.latest = max(record.latest, number)
        guard isOpen else { return }
        if let superseded = candidate { abandon(superseded, now, &effects) }
        candidate = number
        backoff.succeeded()
        tell(.deployed, "\(revision.id.name) is brought up", revision: number, &effects)
        start(revision, .rollout, now, unixTime, &effects)
    }

    /// At the daemon's start: a rollout that an earlier daemon did not finish goes on.
    package mutating func resume(now: Int64, unixTime: Int64) -> [FunctionEffect] {
        var effects: [FunctionEffect] = []
        if let candidate, let revision = revisions[candidate] {
            start(revision, .rollout, now, unixTime, &effects)
        }
        maintain(now, unixTime, &effects)
        return effects
    }

    /// The candidate is ready: it takes every request from here on.
    mutating func promote(_ number: Int, _ now: Int64, _ unixTime: Int64, _ effects: inout [FunctionEffect]) {
        if let active = record.active, active != number, record.proven.contains(active) {
            record.previous = active
        }
        record.active = number
        record.proven.insert(number)
        record.manualScale = nil
        tell(.activated, "it takes the requests", revision: number, &effects)
        settle(number, nil, &effects)
        publish(&effects)
        for instance in instances.values.sorted(by: { $0.id < $1.id }) where instance.revision != number {
            drain(instance.id, .replaced, now, &effects)
        }
    }

    /// The active revision has come up for the first time, some time after its rollout failed.
    mutating func prove(_ number: Int, _ effects: inout [FunctionEffect]) {
        guard record.proven.insert(number).inserted else { return }
        tell(.activated, "it takes the requests", revision: number, &effects)
        effects.append(.save(record))
    }

    /// Whether the active revision has ever come up.
    package var isProven: Bool { record.active.map(record.proven.contains) ?? false }

    /// How the rollout of a revision came out, once it has ended.
    func failure(ofRollout number: Int) -> InstanceFailure? {
        record.active == number && isProven ? nil : record.lastFailure
    }

    /// Writes down how the rollout ended. A first revision stays in place although it failed: there is nothing better,
    /// and what it lacks may come.
    mutating func settle(_ number: Int, _ failure: InstanceFailure?, _ effects: inout [FunctionEffect]) {
        candidate = nil
        record.settled = max(record.settled, number)
        if record.active == nil { record.active = number }
        effects.append(.save(record))
        effects.append(.settled(number, failure))
        let surplus = revisions.keys.sorted().dropLast(Limits.revisionsKept)
            .filter { key in
                key != record.active && key != record.previous
                    && !instances.values.contains { $0.revision == key }
            }
        for key in surplus {
            revisions[key] = nil
            record.proven.remove(key)
        }
        if !surplus.isEmpty { effects.append(.forget(Array(surplus))) }
    }

    /// A newer deploy came before this one was up.
    private mutating func abandon(_ number: Int, _ now: Int64, _ effects: inout [FunctionEffect]) {
        for id in instances.values.filter({ $0.revision == number }).map(\.id).sorted() {
            drain(id, .superseded, now, &effects)
        }
        cancel(number, cause: "Superseded", "a newer deploy replaced this one before it was up", &effects)
    }

    /// Tells whoever waits for this rollout that it won't happen.
    mutating func cancel(_ number: Int, cause: String, _ message: String, _ effects: inout [FunctionEffect]) {
        candidate = nil
        effects.append(.settled(number, InstanceFailure(phase: .start, cause: cause, message: message)))
    }
}
