internal import ControlAPI
internal import ControlServer
internal import CopyProgram
internal import Core
internal import Gateway
internal import Images
internal import LinuxSystem
internal import Orchestrator
internal import Sandbox
internal import Synchronization

/// Lets people into instances: wakes and holds one, and starts there what they ask for.
final class AttachDesk: AttachBackend {
    private let orchestrator: Orchestrator
    private let sandboxes: SandboxRuntime
    private let dialer: any UpstreamDialing
    /// Of the images.
    private let imageDirectory: String
    /// Looks things up in images and in the roots of containers, which may take any time.
    private let worker: WorkerThread
    private let open = Mutex<[FunctionKey: Int]>([:])

    init(
        orchestrator: Orchestrator, sandboxes: SandboxRuntime, dialer: any UpstreamDialing,
        imageDirectory: String
    ) throws(KernelError) {
        self.orchestrator = orchestrator
        self.sandboxes = sandboxes
        self.dialer = dialer
        self.imageDirectory = imageDirectory
        worker = try WorkerThread(name: "attach-files", limit: Limits.attachConnections)
    }

    func attach(
        _ request: AttachRequest, ended: @escaping @Sendable (AttachEnd) -> Void
    ) async throws(ControlError) -> any AttachedSession {
        let place = try admit(request.function)
        let held: HeldInstance
        do {
            held = try await orchestrator.hold(
                request.function, instance: request.instance, wakes: request.wake)
        } catch {
            throw Self.translate(error)
        }
        switch request.purpose {
        case .exec(let exec):
            let session = ExecSession(held, place, ended: ended)
            try await onWorker { [self] in try session.start(process(exec, in: held), exec) }
            return session
        case .copy(let copy):
            let session = ExecSession(held, place, ended: ended)
            let exec = ExecRequest(
                command: ["torpor-copy"] + copy.work.arguments, user: copy.user, directory: "/",
                input: copy.direction == .into)
            try await onWorker { [self] in
                var start = try process(exec, in: held)
                let program = SharedFD(try CopyProgram.sealed())
                start.program = program.raw
                try withExtendedLifetime(program) { try session.start(start, exec) }
            }
            return session
        case .port(let port): return try PortSession(held, place, port: port, dialer)
        }
    }

    /// A place among the function's sessions, until it is let go.
    private func admit(_ function: FunctionKey) throws(ControlError) -> SessionPlace {
        let isFree = open.withLock { open in
            guard open[function, default: 0] < Limits.attachedPerFunction else { return false }
            open[function, default: 0] += 1
            return true
        }
        guard isFree else {
            throw ControlError(
                .unavailable,
                "'\(function)' has \(Limits.attachedPerFunction) sessions, the most that are allowed")
        }
        return SessionPlace { [weak self] in
            self?.open.withLock { open in
                let left = open[function, default: 1] - 1
                open[function] = left == 0 ? nil : left
            }
        }
    }

    private func onWorker(_ work: @escaping @Sendable () throws -> Void) async throws(ControlError) {
        do { try await worker.run(work) } catch { throw Self.translate(error) }
    }

    /// What is asked for, save its streams. Reads files.
    private func process(
        _ exec: ExecRequest, in held: HeldInstance
    ) throws(ControlError) -> ProcessStart {
        var start = ProcessStart()
        start.arguments = exec.command
        start.directory = exec.directory
        do {
            let defaults = try sandboxes.processDefaults(of: held.revision)
            var variables = exec.environment
            if exec.terminal != nil, !variables.contains(where: { $0.hasPrefix("TERM=") }) {
                variables.append("TERM=xterm")
            }
            if let name = exec.user {
                let found = try find(name, held.revision, defaults)
                start.user = found.user
                if !variables.contains(where: { $0.hasPrefix("HOME=") }) {
                    variables.append("HOME=\(found.home)")
                }
            }
            Self.set(variables, in: &start)
        } catch {
            throw Self.translate(error)
        }
        return start
    }

    private func find(
        _ name: String, _ revision: Revision, _ defaults: ProcessDefaults
    ) throws(InvalidInput) -> ImageUsers.Found {
        let users = ImageUsers(root: "\(imageDirectory)/\(ImageStore.relativePath(of: revision.rootfs))")
        let found = try users.find(name, umask: defaults.user.umask)
        let groups = [found.user.group] + found.user.groups
        guard found.user.user < defaults.userCount, groups.allSatisfy({ $0 < defaults.groupCount }) else {
            throw InvalidInput(
                "user", "'\(name)' is not mapped into the container",
                allowed: "users below \(defaults.userCount), groups below \(defaults.groupCount)")
        }
        return found
    }

    /// The last of one name counts, also above the function's own.
    private static func set(_ variables: [String], in start: inout ProcessStart) {
        var last: [Substring: String] = [:]
        for variable in variables { last[variable.prefix { $0 != "=" }] = variable }
        start.replacesVariables = true
        start.environment = last.values.sorted().flatMap { Array($0.utf8) + [0] }
    }

    private static func translate(_ error: any Error) -> ControlError {
        switch error {
        case CommandError.asleep(let key):
            ControlError(
                .unavailable,
                "no instance of '\(key)' runs, and none was to be woken: leave --no-wake away")
        case CommandError.noSuchInstance(let key, let id, nil):
            ControlError(
                .unavailable, "'\(key)' has no running instance '\(id)': 'torpor describe' lists them")
        case CommandError.noSuchInstance(_, let id, let state?):
            ControlError(.unavailable, "instance '\(id)' is \(state.rawValue): it cannot be entered now")
        case CommandError.notWoken(let key, let failure?, _):
            ControlError(
                .unavailable, "no instance of '\(key)' came up: \(failure.cause): \(failure.message)")
        case CommandError.notWoken(let key, nil, let lacksRoom):
            ControlError(
                .unavailable,
                "no instance of '\(key)' came up in time"
                    + (lacksRoom ? ": its namespace has no room ('torpor explain \(key)' has more)" : ""))
        case let failure as InstanceFailure: ControlError(.unavailable, failure.message)
        case let refusal as WorkerThread.Refusal: ControlError(.unavailable, "\(refusal)")
        default: Backend.translate(error)
        }
    }
}

/// One of a function's sessions.
final class SessionPlace: Sendable {
    private let release: @Sendable () -> Void
    init(release: @escaping @Sendable () -> Void) { self.release = release }
    deinit { release() }
}
