internal import Core
internal import Logging

extension Orchestrator {
    /// An instance has run out of something, and may live on.
    func tellExhausted(_ key: FunctionKey, _ id: InstanceID, _ notice: ExhaustionNotice) {
        logger.notice(
            "an instance ran out of something",
            metadata: [
                "function": "\(key)", "instance": "\(id)", "cause": "\(notice.kind.rawValue)",
                "what": "\(notice.message)",
            ])
        Task {  // Bounded: reads the end of a file.
            let tail = await logs.tail(of: id, function: key, lines: Limits.failureLogLines)
            apply(.exhausted(id, notice, log: tail), to: key)
        }
    }
}

extension FunctionMachine {
    /// Told once of an instance and kind. It is the function's last failure while nothing worse has come.
    mutating func exhausted(
        _ id: InstanceID, _ notice: ExhaustionNotice, _ log: [String], _ now: Int64, _ unixTime: Int64,
        _ effects: inout [FunctionEffect]
    ) {
        let instance = instances[id]
        let call = instance.flatMap { blamedCall($0, .run, now) }
        effects.append(
            .tell(
                EventRecord(
                    kind: .exhausted, function: key, revision: instance?.revision ?? record.active,
                    instance: id, cause: notice.kind.rawValue, message: notice.message, callID: call)))
        effects.append(.exhausted(notice.kind))
        guard let instance, !instance.state.isOver else { return }
        record.lastFailure = InstanceFailure(
            phase: .run, cause: notice.kind.rawValue, message: notice.message, instance: id, callID: call,
            log: log, at: unixTime)
        effects.append(.save(record))
    }
}
