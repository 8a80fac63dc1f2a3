internal import CLinux
internal import Core
internal import Glibc
internal import LinuxSystem

/// Makes containers, one after the other, on the one thread that it lives on.
///
/// Order of a launch, and why: the process first, since its exec takes as long as everything else, and goes on beside
/// it; its id map before the plan, which begins by becoming root; the root file system and sysfs here, where there is
/// the privilege for them; the plan last.
final class Launcher {
    private let program: LowDescriptor
    private let socketPlace: LowDescriptor
    private let null: OwnedFD
    private let host: SharedFD
    private let layers: LayerCache
    private let roots: RootBuilder
    private let systems = SystemFilesystems()
    private let logs: any InstanceLogCollecting
    // SAFETY: allocated by init, freed by deinit, and used on the launcher's one thread. The child writes to it as well,
    // until programRuns has returned, which every launch calls.
    private let launch = UnsafeMutablePointer<clinux_launch>.allocate(capacity: 1)

    deinit { launch.deallocate() }

    /// - Parameters:
    ///   - program: torpor-init, sealed.
    ///   - isRootless: whether the caller's own id alone can be mapped.
    init(
        program: OwnedFDBox, isRootless: Bool, logs: any InstanceLogCollecting
    ) throws(KernelError) {
        self.program = try LowDescriptor(program.fd)
        null = try File.open("/dev/null", flags: O_RDWR)
        socketPlace = try LowDescriptor(null)
        host = try NetworkNamespace.current()
        self.logs = logs
        layers = LayerCache()
        roots = RootBuilder(layers: layers, isRootless: isRootless)
    }

    func launch(_ job: LaunchJob) throws(KernelError) -> LaunchedProcess {
        let process = try clone(job)
        // Or the daemon would hold init's end, too.
        defer { try? socketPlace.replace(with: null) }
        do {
            try writeMaps(of: process.pid, job.ids)
            let viewer = LayerCache.Viewer(ids: job.ids, process: process.pid, lease: job.lease)
            let root = try roots.build(
                image: "/images/" + job.image, files: job.files, writable: job.writable, for: viewer)
            process.keepWritable(root.writable)
            let system = try systems.mount(slot: job.slot, namespace: job.network, host: host)
            try showVolumes(of: job, to: process.pid)
            try programRuns()
            try start(job, process: process, root: root.mount, system: system)
            return process
        } catch {
            try? programRuns()
            Self.abandon(process)
            throw error
        }
    }

    private func clone(_ job: LaunchJob) throws(KernelError) -> LaunchedProcess {
        var far: OwnedFD?
        let near = try PacketSocket(sendSeconds: 10, other: &far)
        guard let end = far.take() else { preconditionFailure("a pair has two ends") }
        try socketPlace.replace(with: end)
        launch.initialize(to: clinux_launch())
        launch.pointee.program = program.number
        launch.pointee.socket = socketPlace.number
        launch.pointee.cgroup = job.cgroup?.descriptor ?? -1
        launch.pointee.network = job.network.raw
        launch.pointee.own_network = host.raw
        let pid = clinux_launch_begin(launch)
        let stage = launch.pointee.stage
        precondition(
            pid >= 0 || stage != Int32(CLINUX_LAUNCH_RETURN),
            "a launcher could not return from a network namespace: \(KernelError("setns", code: -pid))")
        if pid < 0 {
            try? socketPlace.replace(with: null)
            throw KernelError(Self.name(ofStage: stage), subject: "torpor-init", code: -pid)
        }
        return LaunchedProcess(
            pid: pid, pidfd: PidFD(owning: OwnedFD(owning: launch.pointee.pidfd)), socket: near)
    }

    /// Waits until the process has left this program's memory for torpor-init.
    private func programRuns() throws(KernelError) {
        let result = clinux_launch_finish(launch)
        guard result < 0 else { return }
        throw KernelError(
            Self.name(ofStage: launch.pointee.stage), subject: "torpor-init", code: -result)
    }

    private static func name(ofStage stage: Int32) -> String {
        switch stage {
        case Int32(CLINUX_LAUNCH_NETWORK): "setns(CLONE_NEWNET)"
        case Int32(CLINUX_LAUNCH_CLONE): "clone3"
        case Int32(CLINUX_LAUNCH_DESCRIPTORS): "close_range"
        case Int32(CLINUX_LAUNCH_CAPABILITIES): "prctl(PR_CAP_AMBIENT)"
        default: "execveat"
        }
    }

    private func writeMaps(of pid: Int32, _ ids: ContainerIDs?) throws(KernelError) {
        let own = "0 0 1\n"
        try File.write(ids?.userMap ?? own, to: "/proc/\(pid)/uid_map")
        // Without the privilege to map groups, setgroups(2) must be given up first (user_namespaces(7)).
        if ids == nil { try File.write("deny", to: "/proc/\(pid)/setgroups") }
        try File.write(ids?.groupMap ?? own, to: "/proc/\(pid)/gid_map")
    }

    /// Through the map that the process has by now, which costs no user namespace of its own.
    private func showVolumes(of job: LaunchJob, to process: Int32) throws(KernelError) {
        guard job.ids != nil, job.attachments.contains(where: \.isMapped) else { return }
        let users = try ContainerIDs.namespace(of: process)
        for attachment in job.attachments where attachment.isMapped {
            do throws(KernelError) {
                try attachment.mount.change(idsOf: users, recursive: attachment.isRecursive)
            } catch {
                throw KernelError(
                    "mount_setattr(MOUNT_ATTR_IDMAP)",
                    subject: "a volume, for whose file system there are no id-mapped mounts", code: error.code
                )
            }
        }
    }

    private func start(
        _ job: LaunchJob, process: LaunchedProcess, root: borrowing DetachedMount,
        system: borrowing DetachedMount
    ) throws(KernelError) {
        var output: OwnedFD?
        var outputEnd: OwnedFD?
        var error: OwnedFD?
        var errorEnd: OwnedFD?
        try Pipe.make(reading: &output, writing: &outputEnd)
        try Pipe.make(reading: &error, writing: &errorEnd)
        guard let output = output.take(), let outputEnd = outputEnd.take(), let error = error.take(),
            let errorEnd = errorEnd.take()
        else { preconditionFailure("pipe2 makes two descriptors") }
        try give(outputEnd, to: job)
        try give(errorEnd, to: job)
        if job.keepsLog {
            // Opened anew, as the function's own must not be made non-blocking.
            process.keepLog(
                SharedFD(try File.open("/proc/self/fd/\(errorEnd.raw)", flags: O_WRONLY | O_NONBLOCK)))
        }
        let descriptors =
            [root.descriptor, null.raw, outputEnd.raw, errorEnd.raw, system.descriptor]
            + job.attachments.map { $0.mount.descriptor }
        try InitMessage.send(
            .plan, id: InitMessage.mainProcess, body: job.plan.bytes(for: job.instance),
            descriptors: descriptors, over: process.socket)
        logs.collect(
            instance: job.instance.description, function: job.function, stdout: output, stderr: error)
    }

    /// Lets the process open its output again as /dev/stdout: a pipe belongs to who made it, and to nobody else.
    private func give(_ pipe: borrowing OwnedFD, to job: LaunchJob) throws(KernelError) {
        guard let owner = job.ids?.host(job.owner) else { return }
        // The empty path is the descriptor itself.
        try FileTree.setOwner("", at: pipe.raw, user: owner.user, group: owner.group)
    }

    /// Ends and reaps a process that will get no plan, or that nobody watches.
    static func abandon(_ process: LaunchedProcess) {
        try? process.pidfd.send(signal: SIGKILL)
        // A second at most: the process has hardly anything yet that could hold it in the kernel.
        for _ in 0..<100 {
            if (try? process.pidfd.reap()) != .some(nil) { return }
            usleep(10_000)
        }
    }
}

/// A descriptor that several launchers copy.
final class OwnedFDBox: Sendable {
    let fd: OwnedFD
    init(_ fd: consuming OwnedFD) { self.fd = fd }
}
