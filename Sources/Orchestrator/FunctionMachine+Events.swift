internal import Core

/// Why an instance is ended on purpose.
enum PlannedEnd: String, Sendable {
    case idle = "Idle"
    case scaledDown = "ScaledDown"
    case replaced = "Replaced"
    case superseded = "Superseded"
    case removed = "Removed"
    case closing = "Closing"

    func message(_ spec: FunctionSpec?) -> String {
        switch self {
        case .idle: "nobody called it for \(spec?.scale.stopAfter.description ?? "long") (scale.stopAfter)"
        case .scaledDown: "somebody scaled the function down"
        case .replaced: "a newer revision took over"
        case .superseded: "a newer deploy came before its revision was up"
        case .removed: "the function was removed"
        case .closing: "the daemon stops"
        }
    }
}

/// Why an instance is started.
package enum StartCause: Sendable, Hashable {
    /// This request and perhaps others wait for it.
    case call(String)
    /// Somebody wants to look into it.
    case visit
    case crowd
    case rollout
    case kept

    var callID: String? { if case .call(let id) = self { id } else { nil } }

    var message: String {
        switch self {
        case .call: "a request waited for it"
        case .visit: "somebody wanted to look into it"
        case .crowd: "the others had as many requests as scale.target asks for"
        case .rollout: "a new revision"
        case .kept: "kept by scale.min or by hand"
        }
    }

    /// Who waits while it cannot be started.
    var waiter: String {
        switch self {
        case .call: "a request"
        case .visit: "somebody who wants to look into it"
        case .crowd: "one more instance for many requests"
        case .rollout: "a new revision"
        case .kept: "an instance that scale.min or a hand asks for"
        }
    }
}

// What people are told.
extension FunctionMachine {
    mutating func tell(
        _ kind: EventKind, _ message: String, revision: Int? = nil, _ effects: inout [FunctionEffect]
    ) {
        effects.append(
            .tell(EventRecord(kind: kind, function: key, revision: revision, message: message)))
    }

    func tellStarted(_ instance: Instance, _ now: Int64, _ effects: inout [FunctionEffect]) {
        let milliseconds = Double((now - instance.launchedAt) / 1000) / 1000
        effects.append(
            .tell(
                EventRecord(
                    kind: .started, function: key, revision: instance.revision, instance: instance.id,
                    message: instance.cause.message, callID: instance.cause.callID, milliseconds: milliseconds
                )))
    }

    func tellFailed(_ instance: Instance, _ failure: InstanceFailure, _ effects: inout [FunctionEffect]) {
        effects.append(
            .tell(
                EventRecord(
                    kind: .failed, function: key, revision: instance.revision, instance: instance.id,
                    cause: failure.cause, message: failure.message, callID: failure.callID)))
    }

    /// The call that a failure is told of: the one that waited, or the one that an instance had when it died.
    func blamedCall(_ instance: Instance, _ phase: InstanceFailure.Phase, _ now: Int64) -> String? {
        guard phase == .run else { return instance.cause.callID }
        guard let suspicion = instance.suspicion, now - suspicion.at < Self.suspicionTime else { return nil }
        return suspicion.callID
    }

    /// A call broke off: what tells why may come before it or after it.
    mutating func suspected(
        _ id: InstanceID, _ callID: String, _ now: Int64, _ effects: inout [FunctionEffect]
    ) {
        if instances[id] != nil {
            instances[id]?.suspicion = (callID, now)
        } else if let failure = record.lastFailure, failure.instance == id, failure.phase == .run,
            failure.callID == nil
        {
            record.lastFailure?.callID = callID
            effects.append(.save(record))
        }
    }

    /// A call came to nothing while its instance, if it had one, lives on.
    mutating func callFailed(
        _ call: FailedCall, _ log: [String], _ unixTime: Int64, _ effects: inout [FunctionEffect]
    ) {
        var message = "the client got \(call.code)"
        if let failure = call.end?.failure {
            var failure = failure
            failure.instance = call.instance
            failure.callID = call.callID
            failure.at = unixTime
            failure.log = log
            message += ": \(failure.message)"
            record.lastFailure = failure
            effects.append(.save(record))
            if failure.exit == .oomKilled { effects.append(.exhausted(.memory)) }
        }
        if call.untold > 0 { message += "; \(call.untold) more failed since the one told before" }
        let revision = call.instance.flatMap { instances[$0]?.revision } ?? record.active
        effects.append(
            .tell(
                EventRecord(
                    kind: .refused, function: key, revision: revision, instance: call.instance,
                    cause: call.code, message: message, callID: call.callID)))
    }

    /// Why an instance is ended on purpose, in a sentence.
    func reasonOfEnd(_ id: InstanceID) -> String? {
        guard let instance = instances[id] else { return nil }
        return instance.end?.message(revisions[instance.revision]?.spec)
    }

    func tellStopped(_ instance: Instance, _ effects: inout [FunctionEffect]) {
        let message = instance.end?.message(revisions[instance.revision]?.spec) ?? "it ended"
        effects.append(
            .tell(
                EventRecord(
                    kind: .stopped, function: key, revision: instance.revision, instance: instance.id,
                    cause: instance.end?.rawValue, message: message)))
    }
}

extension ProcessEnd {
    /// What its call failed of; nil where that is told of its instance, or it did not fail.
    fileprivate var failure: InstanceFailure? {
        switch self {
        case .exited(.code(0)), .lost: nil
        case .exited(let exit): .ending(exit, phase: .run)
        case .failed(let failure): failure
        }
    }
}
