package import Core
internal import Synchronization

/// An instance that somebody looks into: awake, and not stopped for idleness, until it is released.
package final class HeldInstance: Sendable {
    package let handle: InstanceHandle
    package let revision: Revision
    package let sandbox: any SandboxedInstance
    private let endReason: EndReason
    private let release: @Sendable () -> Void
    private let isReleased = Atomic<Bool>(false)

    init(
        handle: InstanceHandle, revision: Revision, sandbox: any SandboxedInstance, endReason: EndReason,
        release: @escaping @Sendable () -> Void
    ) {
        self.handle = handle
        self.revision = revision
        self.sandbox = sandbox
        self.endReason = endReason
        self.release = release
    }

    deinit { letGo() }

    package var id: InstanceID { handle.id }
    /// Why it ends or has ended, in a sentence; nil when nobody wanted it to.
    package var ending: String? { endReason.sentence }

    /// Once is enough. Any thread.
    package func letGo() {
        if !isReleased.exchange(true, ordering: .acquiringAndReleasing) { release() }
    }
}

/// Somebody who waits for an instance.
final class Waking: Sendable {
    private struct State {
        var isUp: Bool?
        var continuation: CheckedContinuation<Bool, Never>?
    }

    private let state = Mutex(State())

    /// The first word counts.
    func tell(isUp: Bool) {
        let continuation = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard state.isUp == nil else { return nil }
            state.isUp = isUp
            return state.continuation
        }
        continuation?.resume(returning: isUp)
    }

    /// Calls back at once where it was told already.
    func wait(_ continuation: CheckedContinuation<Bool, Never>) {
        let known = state.withLock { state in
            if state.isUp == nil { state.continuation = continuation }
            return state.isUp
        }
        if let known { continuation.resume(returning: known) }
    }
}

// People who look into instances.
extension Orchestrator {
    /// Keeps an instance awake until it is let go.
    ///
    /// - Parameters:
    ///   - instance: nil is the oldest that takes requests.
    ///   - wakes: whether one is started where none runs, as for a request.
    /// - Throws: `CommandError`.
    package func hold(_ key: FunctionKey, instance: InstanceID?, wakes: Bool) async throws -> HeldInstance {
        guard let spec = view(of: key)?.active?.spec ?? view(of: key)?.revisions.values.first?.spec else {
            throw CommandError.unknownFunction(key)
        }
        let deadline = time.now() + spec.queueTimeout.nanoseconds
        let began = time.unixTime()
        while true {
            guard let machine = view(of: key) else { throw CommandError.unknownFunction(key) }
            guard !isClosing else { throw CommandError.closing }
            if let instance {
                guard let held = try hold(instance, of: key) else {
                    throw CommandError.noSuchInstance(
                        key, instance, machine.instances[instance]?.visibleState)
                }
                return held
            }
            let ready = machine.instances.values.filter {
                $0.state == .ready && $0.revision == machine.record.active
            }
            for candidate in ready.sorted(by: { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }) {
                if let held = try hold(candidate.id, of: key) { return held }
            }
            guard wakes else { throw CommandError.asleep(key) }
            guard time.now() < deadline, await wake(key, until: deadline) else {
                throw notWoken(key, since: began)
            }
        }
    }

    /// A failure from before says something about this only where it still holds starts back.
    private func notWoken(_ key: FunctionKey, since began: Int64) -> CommandError {
        let machine = view(of: key)
        var failure = machine?.record.lastFailure
        let holdsBack = machine?.active == nil || machine?.blocked(at: time.now()) != nil
        if let at = failure?.at, at < began, !holdsBack { failure = nil }
        return .notWoken(key, failure, lacksRoom: machine?.lacksRoom ?? false)
    }

    /// Nil where it is not ready or ends already.
    private func hold(_ id: InstanceID, of key: FunctionKey) throws -> HeldInstance? {
        guard let instance = running[id], let handle = instance.handle, let sandbox = instance.sandbox,
            functions[key]?.instances[id]?.state == .ready
        else { return nil }
        let time = time
        let hold = handle.gate.hold(now: time.now())
        if hold == .closed { return nil }
        let held = HeldInstance(
            handle: handle, revision: instance.revision, sandbox: sandbox, endReason: instance.ending
        ) { [weak self] in
            handle.gate.release(now: time.now())
            self?.released(key)
        }
        if hold == .heldFrozen {
            do { try sandbox.thaw() } catch {
                sandbox.kill()
                throw error
            }
            events.record(instance.happened(.woke, "somebody looks into it"))
        }
        return held
    }

    /// Has an instance started as for a request.
    /// - Returns: whether one may take something now.
    private func wake(_ key: FunctionKey, until deadline: Int64) async -> Bool {
        let waking = Waking()
        wakings[key, default: []].append(waking)
        apply(.visit, to: key)
        let time = time
        let timer = Task {  // Cancelled below.
            do { try await time.sleep(until: deadline) } catch { return }
            waking.tell(isUp: false)
        }
        let isUp = await withCheckedContinuation { waking.wait($0) }
        timer.cancel()
        wakings[key]?.removeAll { $0 === waking }
        if wakings[key]?.isEmpty == true { wakings[key] = nil }
        return isUp
    }

    /// None takes them in: as requests do in the gateway, those who still wait ask again.
    func askForWaking(_ key: FunctionKey) {
        if wakings[key] != nil { visit(key) }
    }

    func tellWaking(_ key: FunctionKey, isUp: Bool) {
        for waking in wakings.removeValue(forKey: key) ?? [] { waking.tell(isUp: isUp) }
    }
}
