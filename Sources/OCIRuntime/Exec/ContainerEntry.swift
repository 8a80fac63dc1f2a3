internal import Core
internal import Glibc
internal import LinuxSystem
internal import OCI
internal import Sandbox

/// The way into a running container: its namespaces that are not the caller's own, as its first process has them.
struct ContainerEntry {
    private let namespaces: [SharedFD]
    private let users: SharedFD?
    private let keepsGroups: Bool

    private static let kinds = ["cgroup", "ipc", "mnt", "net", "pid", "time", "uts"]

    /// - Throws: `RuntimeFailure` when it has ended.
    init(of process: ProcessIdentity) throws {
        namespaces = try Self.kinds.compactMap { try Self.open($0, of: process.pid) }
        users = try Self.open("user", of: process.pid)
        keepsGroups = try File.text("/proc/\(process.pid)/setgroups").hasPrefix("deny")
        // Looked at last: were the number another's by now, these would be the wrong namespaces.
        guard process.isAlive else { throw RuntimeFailure("the container has ended") }
    }

    /// - Returns: nil where it is the caller's, too: entering that changes nothing, and may not be allowed.
    private static func open(_ kind: String, of pid: Int32) throws(KernelError) -> SharedFD? {
        let path = "/proc/\(pid)/ns/\(kind)"
        do {
            if try FileTree.linkContent(path) == FileTree.linkContent("/proc/self/ns/\(kind)") { return nil }
        } catch {
            // The kernel may be without this kind (time, before 5.6), but not without the process.
            if error.code == ENOENT && kind == "time" { return nil }
            throw error
        }
        return SharedFD(try File.open(path, flags: O_RDONLY))
    }

    /// The place of a descriptor of the plan's own.
    func place(_ index: Int) -> LaunchPlan.Descriptor {
        .init(place: Int32(namespaces.count + (users == nil ? 0 : 1) + index))
    }

    /// The steps that make a process of the container what is asked for.
    func steps(
        _ process: OCIConfig.Process, linux: OCIConfig.Linux?
    ) throws(InvalidInput) -> [LaunchPlan.Step] {
        let affinity = process.execCPUAffinity
        if affinity?.initial?.isEmpty == false {
            throw InvalidInput(
                "process.execCPUAffinity.initial",
                "is not honoured: the process is never outside of its cgroup",
                allowed: "final")
        }
        let processors = try affinity?.final.flatMap { list throws(InvalidInput) in
            list.isEmpty ? nil : try ProcessorList(list, path: "process.execCPUAffinity.final")
        }
        return try ProcessSteps(
            process, seccomp: linux?.seccomp, linux: linux, modules: .ofHost(), keepsGroups: keepsGroups,
            processors: processors
        ).steps()
    }

    /// The steps of a process with all privileges that there are inside.
    func rootSteps() -> [LaunchPlan.Step] {
        [.workingDirectory("/"), .identity(user: 0, group: 0, groups: [], umask: 0o022)]
            + (keepsGroups ? [.keepGroups] : [])
    }

    /// Has a process enter, which then waits until it is told to carry out the steps.
    /// - Parameters:
    ///   - steps: the last is `start`. - descriptors: which the steps name by `place`; lent.
    ///   - cgroup: which the process is born into; lent.
    func enter(
        _ steps: [LaunchPlan.Step], descriptors: [Int32], cgroup: Int32?
    ) throws -> EnteredProcess {
        let places = namespaces.indices.map { LaunchPlan.Descriptor(place: Int32($0)) }
        let user = users.map { _ in LaunchPlan.Descriptor(place: Int32(namespaces.count)) }
        let plan = LaunchPlan(steps: [.enter(places, users: user, keepsGroups: keepsGroups)] + steps)
        let encoded = try EncodedPlan(plan)
        let own = namespaces.map(\.raw) + (users.map { [$0.raw] } ?? [])
        guard own.count + descriptors.count <= Limits.planDescriptors else {
            throw InvalidInput(
                "--preserve-fds", "\(descriptors.count) are too many",
                allowed: "at most \(Limits.planDescriptors - own.count)")
        }
        let outside = try FirstProcess(try NamespaceChoice(nil), cgroup: cgroup)
        do {
            try outside.link.send(encoded, keepsKeyring: false, descriptors: own + descriptors)
            let pid = try Self.pid(of: try outside.link.next(), plan)
            let entered = try EnteredProcess(pid: pid, link: outside.link, plan: plan)
            _ = try outside.reap()
            return entered
        } catch {
            outside.abandon()
            throw error
        }
    }

    private static func pid(of event: StageLink.Event, _ plan: LaunchPlan) throws -> Int32 {
        switch event {
        case .reached(let pid): return Int32(bitPattern: pid)
        case .failed(let failure): throw StageFailure(failure, steps: plan.steps, process: nil)
        case .end, .terminal: throw RuntimeFailure("the process that was to enter the container has gone")
        }
    }
}
