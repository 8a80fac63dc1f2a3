internal import Core
internal import Logging

// One instance from nothing to its end. Each launch ends in exactly one `ended` or `startFailed(running: false)`.
extension Orchestrator {
    func launch(_ id: InstanceID, _ revision: Revision) {
        let key = revision.id.function
        let instance = RunningInstance(id: id, function: key, revision: revision, startedAt: time.now())
        running[id] = instance
        guard running.count <= Limits.instances else {
            let failure = InstanceFailure(
                phase: .create, cause: "HostFull",
                message: "the host runs \(Limits.instances) instances, the most that are allowed")
            instance.launch = Task { neverStarted(instance, failure) }
            return
        }
        instance.launch = Task { await bringUp(instance) }  // Cancelled by terminate, kill and end.
    }

    private func bringUp(_ instance: RunningInstance) async {
        let sandbox: any SandboxedInstance
        let slotAt: Int64
        do {
            let slot = try await network.acquire(instance.revision.spec.network)
            instance.slot = slot
            slotAt = time.now()
            startTimes.slot.record(nanoseconds: slotAt - instance.startedAt)
            if instance.isGivenUp { throw InstanceFailure.givenUp }
            sandbox = try await sandboxes.launch(
                LaunchRequest(
                    instance: instance.id, revision: instance.revision, slot: slot,
                    idRange: functions[instance.function]?.record.idRange,
                    notice: { [weak self, key = instance.function, id = instance.id] notice in
                        self?.exhausted(key, id, notice)
                    }))
        } catch {
            neverStarted(instance, error)
            return
        }
        instance.sandbox = sandbox
        instance.launchedAt = time.now()
        startTimes.sandbox.record(nanoseconds: instance.launchedAt - slotAt)
        Task { await ended(instance, await sandbox.ended()) }  // Ends with the container.
        if instance.isGivenUp {
            sandbox.kill()
            return
        }
        apply(.launched(instance.id, canFreeze: sandbox.canFreeze), to: instance.function)
        await awaitReady(instance, sandbox)
    }

    private func awaitReady(_ instance: RunningInstance, _ sandbox: any SandboxedInstance) async {
        let spec = instance.revision.spec
        guard let slot = instance.slot, let port = UInt16(exactly: spec.port) else { return }
        do {
            if spec.mode == .http {
                try await network.waitUntilAccepting(
                    slot: slot, port: port, deadline: instance.startedAt + spec.startTimeout.nanoseconds)
            }
        } catch is CancellationError {
            return
        } catch {
            guard running[instance.id] != nil else { return }
            var failure = error as? InstanceFailure ?? .unexpected(.ready, error)
            failure.log = await logs.tail(
                of: instance.id, function: instance.function, lines: Limits.failureLogLines)
            apply(.startFailed(instance.id, failure, running: true), to: instance.function)
            return
        }
        guard let machine = functions[instance.function]?.instances[instance.id], running[instance.id] != nil
        else {
            return
        }
        let readyAt = time.now()
        startTimes.listen.record(nanoseconds: readyAt - instance.launchedAt)
        startTimes.total.record(nanoseconds: readyAt - instance.startedAt)
        instance.handle = InstanceHandle(
            id: instance.id, revision: instance.revision.id, slot: slot, port: port, gate: machine.gate,
            thawing: sandbox,
            commands: spec.mode == .exec ? CommandService(processes: sandbox, isCGI: spec.cgi) : nil,
            exhaustion: sandbox,
            startedAt: instance.startedAt, readyAt: readyAt)
        apply(.ready(instance.id), to: instance.function)
    }

    private func neverStarted(_ instance: RunningInstance, _ error: any Error) {
        let failure = error as? InstanceFailure ?? .unexpected(.create, error)
        over(instance)
        if failure.cause != InstanceFailure.givenUp.cause {
            logger.warning(
                "an instance could not be started",
                metadata: [
                    "function": "\(instance.function)", "instance": "\(instance.id)",
                    "cause": "\(failure.cause)",
                    "error": "\(failure.message)",
                ])
        }
        apply(.startFailed(instance.id, failure, running: false), to: instance.function)
    }

    private func ended(_ instance: RunningInstance, _ exit: ExitStatus) async {
        var tail: [String] = []
        let state = functions[instance.function]?.instances[instance.id]?.state
        // Turned away from now on, before the log is read.
        _ = instance.handle?.gate.close()
        if state != .draining, state != .failed {
            tail = await logs.tail(
                of: instance.id, function: instance.function, lines: Limits.failureLogLines)
        }
        over(instance)
        apply(
            .ended(instance.id, exit, log: tail, exhausted: instance.sandbox?.exhausted()),
            to: instance.function)
    }

    private func over(_ instance: RunningInstance) {
        running[instance.id] = nil
        if let slot = instance.slot {
            if let gate = instance.handle?.gate, gate.close().inFlight > 0 {
                lingering[instance.id] = slot
            } else {
                network.release(slot)
            }
        }
        instance.end()
    }

    func freeze(_ id: InstanceID) {
        guard let instance = running[id], let sandbox = instance.sandbox, let handle = instance.handle else {
            return
        }
        let happened = instance.happened(.froze, "it was idle; the next request thaws it")
        Task {  // Bounded by the sandbox's own time limit.
            do {
                try await sandbox.freeze()
                // A request that came meanwhile keeps it awake; a drain thaws it by itself.
                if handle.gate.endFreeze(frozen: true) {
                    lifeCounts.freezes += 1
                    events.record(happened)
                } else {
                    try sandbox.thaw()
                }
            } catch {
                _ = handle.gate.endFreeze(frozen: false)
                logger.warning(
                    "an instance could not be frozen", metadata: ["instance": "\(id)", "error": "\(error)"])
                do { try sandbox.thaw() } catch { sandbox.kill() }
                apply(.freezeFailed(id), to: handle.revision.function)
                return
            }
            apply(.alarm, to: handle.revision.function)
        }
    }
}

extension InstanceFailure {
    static let givenUp = InstanceFailure(
        phase: .create, cause: "GivenUp",
        message: "the start was given up: the instance is not needed any more")

    static func unexpected(_ phase: Phase, _ error: any Error) -> InstanceFailure {
        InstanceFailure(phase: phase, cause: "SandboxFailed", message: "\(error)")
    }
}
