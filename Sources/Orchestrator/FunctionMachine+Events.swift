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
        let reason =
            if instance.callID != nil {
                "a request waited for it"
            } else if instance.revision == candidate {
                "a new revision"
            } else {
                "kept by scale.min or by hand"
            }
        effects.append(
            .tell(
                EventRecord(
                    kind: .started, function: key, revision: instance.revision, instance: instance.id,
                    message: reason, callID: instance.callID, milliseconds: milliseconds)))
    }

    func tellFailed(_ instance: Instance, _ failure: InstanceFailure, _ effects: inout [FunctionEffect]) {
        effects.append(
            .tell(
                EventRecord(
                    kind: .failed, function: key, revision: instance.revision, instance: instance.id,
                    cause: failure.cause, message: failure.message, callID: failure.callID)))
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
