internal import Core
internal import Glibc
package import LinuxSystem
package import OCI
internal import Sandbox

/// Makes containers: everything up to the moment where only the program is left to be executed.
///
/// Order, and why: what can be found out from the configuration alone first; the container's directory next, which keeps
/// its name for it; its cgroup with all limits before anything runs in it; its process, whose number is remembered at once,
/// so that `delete --force` finds it whatever happens here; its ids before its plan, which begins by becoming root.
package struct ContainerMaker {
    private let root: RuntimeRoot
    private let manager: CgroupManager
    private let warn: (String) -> Void

    package init(root: RuntimeRoot, manager: CgroupManager, warn: @escaping (String) -> Void) {
        self.root = root
        self.manager = manager
        self.warn = warn
    }

    /// - Throws: `InvalidInput`, `RuntimeFailure`, `HookFailure`, `KernelError`. Nothing of the container is left then.
    package func make(_ request: CreateRequest) throws -> MadeContainer {
        let bundle = try Bundle(path: request.bundle, configuration: request.configuration)
        try bundle.config.hooks?.check()
        let job = try ContainerJob(request, bundle: bundle)
        let directory = try root.create(request.id)
        var record = ContainerRecord(
            id: request.id.description, bundle: bundle.path, rootfs: bundle.rootfs,
            created: ContainerRecord.now(), owner: HostIdentity.userID,
            annotations: bundle.config.annotations, hasHooks: bundle.config.hooks != nil)
        var process: FirstProcess?
        do {
            try directory.lock()
            try directory.saveConfiguration(bundle.bytes)
            let cgroup = try CgroupMaker(host: try CgroupHost.probe(), manager: manager)
                .make(request.id.description, for: bundle.config)
            record.cgroup = cgroup?.cgroup.record
            try directory.save(record)
            let born = try FirstProcess(job.namespaces, cgroup: cgroup?.cgroup.descriptor)
            process = born
            cgroup?.settle()
            record.process = try ProcessIdentity(of: born.pid)
            try directory.save(record)
            try born.writeMaps(job.namespaces)
            let terminal = try StageConversation(
                process: born, job: job, directory: directory, record: record, warn: warn
            ).carryOut()
            record.phase = .created
            try directory.save(record)
            if let file = request.pidFile { try PidFile.write(born.pid, to: file) }
            return MadeContainer(
                directory: directory, record: record, config: bundle.config, process: born, terminal: terminal
            )
        } catch {
            process?.abandon()
            undo(record, directory, hooks: error is HookFailure ? bundle.config.hooks : nil)
            throw error
        }
    }

    private func undo(_ record: ContainerRecord, _ directory: ContainerDirectory, hooks: OCIConfig.Hooks?) {
        do { try record.cgroup?.remove() } catch { warn("the cgroup is left: \(error)") }
        do { try directory.remove() } catch { warn("the state is left: \(error)") }
        // A hook that failed ends the container's life like any other end (runtime.md, "Lifecycle").
        try? HookRunner(hooks, state: record.document).run(.poststop, pid: 0, warn: warn)
    }
}

/// A container whose program waits to be executed.
package struct MadeContainer {
    package let directory: ContainerDirectory
    package var record: ContainerRecord
    package let config: OCIConfig
    package let process: FirstProcess
    /// The master of its terminal, where it has one and nobody else was sent it.
    package let terminal: SharedFD?
}
