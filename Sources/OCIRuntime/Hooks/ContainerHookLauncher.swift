internal import LinuxSystem
package import OCI
internal import Sandbox

/// Starts hooks in the namespaces of a container, as a process that enters it.
package struct ContainerHookLauncher: HookLauncher {
    private let container: ProcessIdentity
    private let config: OCIConfig?
    private let cgroup: CgroupRecord?

    /// For what runs before the container has its own root, from the host's files: with all privileges of its namespaces.
    package init(beforeRoot container: ProcessIdentity) {
        self.container = container
        config = nil
        cgroup = nil
    }

    /// For what runs in the finished container, from its own files, which nobody vouches for: it gets no more than the
    /// container's process does, and counts as the container's.
    package init(in container: ProcessIdentity, config: OCIConfig, cgroup: CgroupRecord?) {
        self.container = container
        self.config = config
        self.cgroup = cgroup
    }

    package func launch(_ hook: OCIConfig.Hook, streams: HookStreams) throws -> HookProcess {
        let entry = try ContainerEntry(of: container)
        let (input, output) = streams.descriptors
        let opened = try cgroup.map { try ContainerCgroup($0) }
        var process = config?.process ?? OCIConfig.Process(args: nil, cwd: "/")
        process.args = hook.args.flatMap { $0.isEmpty ? nil : $0 } ?? [hook.path]
        process.env = hook.env
        let entered = try entry.enter(
            try steps(hook, process, entry), descriptors: [input, output], cgroup: opened?.descriptor)
        do {
            _ = try entered.go(process)
            return try HookProcess(pid: entered.pid)
        } catch {
            entered.abandon()
            throw error
        }
    }

    private func steps(
        _ hook: OCIConfig.Hook, _ process: OCIConfig.Process, _ entry: ContainerEntry
    ) throws -> [LaunchPlan.Step] {
        var steps: [LaunchPlan.Step] = []
        if let config {
            steps = try entry.steps(process, linux: config.linux)
        } else {
            steps = entry.rootSteps() + [.environment(process.env ?? [])]
        }
        let streams = [entry.place(0), entry.place(1), entry.place(1)]
        // What the hook is called may be something else than where it is.
        return steps + [.programAt(hook.path, arguments: process.args ?? []), .stdio(streams), .start]
    }
}

extension ProcessIdentity {
    /// What the process calls itself in its own pid namespace (proc_pid_status(5), `NSpid`).
    package var pidInside: Int32 {
        let lines = ((try? File.text("/proc/\(pid)/status")) ?? "").split(separator: "\n")
        let line = lines.first { $0.hasPrefix("NSpid:") }
        return line.flatMap { $0.split(whereSeparator: \.isWhitespace).last }.flatMap { Int32($0) } ?? pid
    }
}
