internal import Core
internal import LinuxSystem
internal import OCI
internal import Sandbox

/// Has the plan of a container carried out by its first process.
struct StageConversation {
    let process: FirstProcess
    let job: ContainerJob
    let directory: ContainerDirectory
    let record: ContainerRecord
    let warn: (String) -> Void

    /// - Returns: the master of the container's terminal, where nobody else was to get it.
    func carryOut() throws -> SharedFD? {
        try send()
        var terminal: SharedFD?
        while true {
            switch try process.link.next() {
            case .terminal(let master):
                if let socket = job.request.consoleSocket {
                    try ConsoleSocket.send(master, to: socket)
                } else {
                    terminal = master
                }
            case .reached(ContainerPlan.Point.mounted.rawValue):
                try runHooks()
                try process.link.go()
            case .reached: return terminal
            case .failed(let failure): throw StageFailure(failure, plan: job.plan, config: job.config)
            case .end:
                throw RuntimeFailure(
                    "the container's first process has gone: \(Self.end(try process.reap()))")
            }
        }
    }

    private func send() throws {
        let root = try DetachedMount(copying: job.rootfs, recursive: true)
        try root.change(propagation: job.plan.rootPropagation, recursive: true)
        var descriptors = [root.descriptor]
        let sources = try job.plan.sources.map {
            try OpenedSource($0, process: process.pid, rootfs: job.rootfs)
        }
        descriptors += sources.map { $0.mount.descriptor }
        let listener = job.request.waitsForStart ? try listen() : nil
        if let listener { descriptors.append(listener.descriptor) }
        descriptors += job.passed
        var encoded = job.encoded
        var notified: SharedFD?
        if let path = job.plan.listenerPath {
            let listener = FilterListener(path: path)
            let socket = try listener.connect()
            descriptors.append(socket.raw)
            notified = socket
            encoded = try listener.plan(job.plan, state: record.document)
        }
        try process.link.send(
            encoded, keepsKeyring: job.request.keepsKeyring, descriptors: descriptors)
        withExtendedLifetime(notified) {}
    }

    private func listen() throws -> StartListener {
        let path = directory.shortPath(ContainerDirectory.socket)
        return StartListener(try PacketListener(path: path, backlog: 8, sendSeconds: 10, blocks: true))
    }

    private func runHooks() throws {
        let runner = HookRunner(job.config.hooks, state: record.document)
        for kind in [HookKind.prestart, .createRuntime, .createContainer] where runner.has(kind) {
            guard let container = record.process, kind.isInside else {
                try runner.run(kind, pid: process.pid, warn: warn)
                continue
            }
            let launcher = ContainerHookLauncher(beforeRoot: container)
            try runner.run(kind, pid: container.pidInside, launcher: launcher, warn: warn)
        }
    }

    private static func end(_ status: Int32) -> String {
        let signal = status & 0x7f
        return signal == 0 ? "it ended with status \(status >> 8 & 0xff)" : "signal \(signal) ended it"
    }
}

/// Lives until the plan was sent.
private final class StartListener: Sendable {
    private let listener: PacketListener
    var descriptor: Int32 { listener.descriptor }
    init(_ listener: consuming PacketListener) { self.listener = listener }
}

/// Why torpor-stage could not carry out a plan, in words.
struct StageFailure: Error, CustomStringConvertible {
    let description: String

    /// - Parameter plan: nil where only the program was left to be started.
    init(_ failure: InitFailure, plan: ContainerPlan?, config: OCIConfig) {
        // What is left then is the process's own, and so of its configuration alone.
        let own = try? ProcessSteps(
            config.process, seccomp: nil, linux: config.linux, modules: .ofHost(), keepsGroups: false
        ).steps()
        self.init(failure, steps: plan?.steps ?? own ?? [], process: config.process)
    }

    /// - Parameter process: nil where none is concerned yet.
    init(_ failure: InitFailure, steps: [LaunchPlan.Step], process: OCIConfig.Process?) {
        let reason = KernelError("", code: failure.code).reason
        let program = process?.args?.first ?? ""
        let directory = process?.cwd ?? ""
        switch failure.stage {
        case .exec: description = "process.args[0]: '\(program.prefix(200))' cannot be executed: \(reason)"
        case .directory:
            description = "process.cwd: '\(directory.prefix(200))' cannot be entered: \(reason)"
        case .calls:
            let purposes = LaunchPlan(steps: steps).callPurposes
            let what =
                purposes.indices.contains(failure.call) ? purposes[failure.call] : "prepare the process"
            description = "cannot \(what): \(reason)"
        case let stage?: description = "cannot set the process's \(stage): \(reason)"
        case nil:
            let index = Int(failure.step)
            let what = steps.indices.contains(index) ? steps[index].summary : "read the launch plan"
            description = "cannot \(what): \(reason)"
        }
    }
}
