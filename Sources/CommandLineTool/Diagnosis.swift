internal import ControlAPI
internal import Core

/// One thing that is worth knowing about a function.
struct Finding: Encodable, Sendable, Equatable {
    enum Topic: String, Encodable, Sendable { case failing, asleep, frozen, cold, slow, scale, limits, well }

    var topic: Topic
    var says: String
    var details: [String] = []
    /// What to do about it.
    var advice: String?
}

/// Why a function is cold, slow or failing, from what the daemon remembers. Pure.
struct Diagnosis {
    let detail: FunctionDetail
    /// Oldest first.
    let events: [EventView]
    let now: Timestamp

    private var function: FunctionView { detail.function }
    private var spec: FunctionSpec { detail.spec }
    private var reference: String { Explanation.reference(function.name, function.namespace) }

    var findings: [Finding] {
        let all =
            [rollout, failure, refused, held, asleep, frozen, cold, full, manual].compactMap(\.self) + limits
        return all.isEmpty ? [Finding(topic: .well, says: "nothing is wrong that the daemon knows of")] : all
    }

    // MARK: failing

    private var rollout: Finding? {
        guard let newest = detail.revisions.last, newest.state == .failed else { return nil }
        let goesOn =
            function.revision.map { "; \($0) goes on taking the requests" }
            ?? "; each request tries it again, and gets 502"
        return Finding(
            topic: .failing, says: "the newest revision, \(newest.name), did not come up\(goesOn)",
            advice: "mend it and deploy again; the failure is below")
    }

    private var failure: Finding? {
        guard let failure = detail.lastFailure else { return nil }
        let failures = events.filter { $0.kind == .failed && ago($0.at) <= 3600 }.count
        let since = events.last { $0.kind == .started && $0.at > failure.at }
        var says = "\(failure.cause) \(text(ago: failure.at)) ago: \(failure.message)"
        if failures > 1 { says += "; \(failures) failures within the hour" }
        if since != nil { says += "; it has started well since" }
        var details: [String] = []
        if let exit = failure.exit { details.append("exit: \(Explanation.text(of: exit))") }
        if let call = failure.callID { details.append("call: \(call)") }
        details += failure.log.isEmpty ? ["its log was empty"] : failure.log.map { "| \($0)" }
        return Finding(topic: .failing, says: says, details: details, advice: advice(on: failure))
    }

    private func advice(on failure: FailureView) -> String {
        let logs = "torpor logs \(reference)" + (failure.instance.map { " --instance \($0)" } ?? "")
        switch failure.cause {
        case "OOMKilled":
            return "give it more memory: limits.memory, --memory (now \(memory)), or find out what it keeps"
        case "PidsExhausted":
            return "let it have more processes: limits.pids, --pids (now "
                + "\(spec.limits.pids ?? Limits.processes)), or find out what it starts and does not wait for"
        case "DiskQuota":
            return
                "let it write more: limits.disk, --disk (now \(spec.limits.effectiveDisk)), which is memory; or give "
                + "it a volume"
        case "CommandNotFound":
            return
                "the command is looked for inside the root filesystem; of a script, so is its interpreter (#!)"
        case "NotExecutable":
            return "make it executable (chmod +x), and built for this host's architecture"
        case "NotListening":
            return "it must listen on $PORT (now \(spec.port)) within startTimeout "
                + "(now \(DurationText.format(spec.startTimeout))): set --port to where it listens, or see \(logs)"
        case "ExitedEarly", "Exited", "Signaled": return "what it wrote last is above; more with: \(logs)"
        case "HostFull", "NoSlot": return "lower scale.max or scale.min of some functions: torpor list"
        case "SandboxFailed": return "see what the host lacks: torpor system check"
        default: return "see what it wrote: \(logs)"
        }
    }

    /// Calls that came to nothing while the instances live on.
    private var refused: Finding? {
        let lately = events.filter { $0.kind == .refused && ago($0.at) <= 3600 }
        guard let last = lately.last, let cause = last.cause else { return nil }
        var counts: [String: Int] = [:]
        for event in lately { counts[event.cause ?? "?", default: 0] += 1 }
        let list = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
        var details = ["the last one \(text(ago: last.at)) ago: \(last.message)"]
        if let call = last.callID { details.append("call: \(call)") }
        return Finding(
            topic: .failing, says: "calls that failed within the hour: \(list.joined(separator: ", "))",
            details: details, advice: advice(onRefusal: cause))
    }

    private func advice(onRefusal cause: String) -> String {
        switch cause {
        case "function_timeout":
            "it did not begin to answer within timeout (now \(DurationText.format(spec.timeout))): make it faster, "
                + "or raise that (--timeout)"
        case "queue_timeout":
            "no instance had room within queueTimeout (now \(DurationText.format(spec.queueTimeout))): raise "
                + "scale.max (now \(spec.scale.max)) or concurrency"
        case "queue_full":
            "too many requests wait: raise scale.max (now \(spec.scale.max)) or concurrency, or send fewer"
        case "invalid_response":
            spec.mode == .exec
                ? "with cgi: true the output begins with the head of a response, then an empty line"
                : "what it sends is not HTTP/1.1: is --port (now \(spec.port)) the right one?"
        case "oom_killed", "pids_exhausted", "disk_quota":
            "it ran out of what its limits give it: see the failure above"
        case "start_failed", "function_unreachable": "see the failure above, and: torpor logs \(reference)"
        default: "it ended or closed the connection before its answer was whole: torpor logs \(reference)"
        }
    }

    private var memory: String { spec.limits.memory.map { "\($0)" } ?? "the default" }

    // MARK: cold and slow

    /// Nothing has come up since the namespace had no room.
    private var held: Finding? {
        guard let held = events.last(where: { $0.kind == .held }), ago(held.at) <= 3600,
            !events.contains(where: { $0.kind == .started && $0.at > held.at })
        else { return nil }
        return Finding(
            topic: .limits, says: "\(text(ago: held.at)) ago \(held.message)",
            details: held.callID.map { ["for call \($0)"] } ?? [],
            advice: "see what it uses: torpor namespace describe \(function.namespace); raise its limits "
                + "(torpor namespace set), or scale down what else is in it")
    }

    private var lastStop: EventView? { events.last { $0.kind == .stopped || $0.kind == .failed } }

    private var asleep: Finding? {
        guard function.status == .asleep, let stop = lastStop else { return nil }
        return Finding(
            topic: .asleep, says: "no instance runs for \(text(ago: stop.at)): \(stop.message)",
            advice: "the next request starts one; to keep one ready: scale.min 1 (--min 1)")
    }

    private var frozen: Finding? {
        guard function.status == .frozen else { return nil }
        let since = events.last { $0.kind == .froze }.map { " for \(text(ago: $0.at))" } ?? ""
        return Finding(
            topic: .frozen,
            says:
                "every instance is frozen\(since): it had no request for \(spec.scale.freezeAfter.description)",
            advice:
                "the next request thaws it, which costs less than a millisecond; memory that was given back "
                + "comes back when it is touched. To keep it ready: freezeAfter (--freeze-after)")
    }

    private var cold: Finding? {
        let starts = events.filter { $0.kind == .started && $0.callID != nil }
        guard let last = starts.last else { return nil }
        let hour = starts.filter { ago($0.at) <= 3600 }.count
        var says = "the last cold start was \(text(ago: last.at)) ago"
        if let time = last.milliseconds { says += " and took \(Span.text(milliseconds: time))" }
        if hour > 1 { says += "; \(hour) within the hour" }
        var details: [String] = []
        if let call = last.callID { details.append("for call \(call)") }
        if let stop = events.last(where: { $0.kind == .stopped && $0.at <= last.at }) {
            details.append("because the one before had been stopped: \(stop.message)")
        }
        return Finding(topic: .cold, says: says, details: details, advice: advice(onStart: last.milliseconds))
    }

    /// Most of a cold start that takes long is the function's own.
    private func advice(onStart milliseconds: Double?) -> String {
        if let milliseconds, milliseconds > 500 {
            return "most of this is the function's own start until its port accepts: make that faster, "
                + "or keep one ready with scale.min 1 (--min 1)"
        }
        return "longer warmth: scale.stopAfter (now \(spec.scale.stopAfter.description)), or scale.min 1"
    }

    private var full: Finding? {
        let serving = detail.instances.filter { $0.state == .ready || $0.state == .frozen }
        let limit = spec.requestLimit
        guard limit > 0, serving.count >= spec.scale.max, !serving.isEmpty,
            serving.allSatisfy({ $0.inFlight >= limit })
        else { return nil }
        return Finding(
            topic: .slow,
            says:
                "all \(serving.count) instances have their \(limit) requests: more requests wait",
            advice: "raise scale.max (now \(spec.scale.max)) or concurrency (now \(limit))")
    }

    // MARK: settings

    private var manual: Finding? {
        guard case .count(let count) = function.scale else { return nil }
        return Finding(
            topic: .scale, says: "somebody keeps it at \(count) by hand",
            advice: "torpor scale \(reference) auto")
    }

    private var limits: [Finding] {
        detail.warnings.map {
            Finding(topic: .limits, says: $0, advice: "see what the host lacks: torpor system check")
        }
    }

    private func ago(_ time: Timestamp) -> Int64 { now.unixSeconds - time.unixSeconds }
    private func text(ago time: Timestamp) -> String { Span.text(seconds: ago(time)) }
}
