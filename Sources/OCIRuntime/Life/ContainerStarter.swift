internal import Core
internal import Glibc
internal import LinuxSystem
internal import OCI
internal import Sandbox

/// Starts what was made: the first process becomes the program.
package struct ContainerStarter {
    private let warn: (String) -> Void

    package init(warn: @escaping (String) -> Void) { self.warn = warn }

    /// Of an earlier command's container, whose first process listens.
    /// - Throws: `RuntimeFailure` for one that is not `created`, or whose program cannot be executed.
    package func start(_ directory: ContainerDirectory) throws {
        try directory.lock()
        let record = try directory.record()
        guard record.status == .created else {
            throw RuntimeFailure(
                "container \(directory.id) cannot be started: it is \(record.status.rawValue)")
        }
        let link: StageLink
        do {
            link = StageLink(
                try PacketSocket(connectingTo: directory.shortPath(ContainerDirectory.socket)))
        } catch {
            throw RuntimeFailure("container \(directory.id) does not wait to be started: \(error)")
        }
        try start(directory, record, over: link)
    }

    /// Of a container that this command has made.
    package func start(_ made: MadeContainer) throws {
        try start(made.directory, made.record, over: made.process.link)
    }

    private func start(_ directory: ContainerDirectory, _ record: ContainerRecord, over link: StageLink)
        throws
    {
        let config =
            record.hasHooks ? try OCIConfig.parse(try directory.configurationBytes(), ids: .max) : nil
        let pid = record.process?.pid ?? 0
        let hooks = HookRunner(config?.hooks, state: record.document)
        if let config, let container = record.process, hooks.has(.startContainer) {
            let launcher = ContainerHookLauncher(in: container, config: config, cgroup: record.cgroup)
            do {
                try hooks.run(.startContainer, pid: container.pidInside, launcher: launcher, warn: warn)
            } catch {
                // Its life is over before it began (runtime.md, "Lifecycle").
                try? container.open()?.send(signal: SIGKILL)
                throw error
            }
        }
        try link.go()
        var record = record
        record.phase = .running
        try directory.save(record)
        switch try link.next() {
        case .end: break
        case .failed(let failure):
            let bytes = try directory.configurationBytes()
            throw StageFailure(failure, plan: nil, config: try OCIConfig.parse(bytes, ids: .max))
        case .reached, .terminal:
            throw RuntimeFailure("container \(directory.id) says something that nobody asked it")
        }
        directory.removeSocket()
        try hooks.run(.poststart, pid: pid, warn: warn)
    }
}
