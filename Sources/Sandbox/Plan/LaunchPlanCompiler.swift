package import Core
internal import LinuxSystem
package import OCI

/// Compiles what a revision asks for into what torpor-init does. Pure: the same input gives the same plan.
///
/// The order of the container's steps is load-bearing. proc is mounted before anything is masked, or the kernel would
/// refuse a new one; masks and read-only paths come after every mount they may lie on; the root turns read-only when all
/// mount points exist; the process is described after the pivot, and its filter is the last thing before the exec.
package struct LaunchPlanCompiler {
    let config: OCIConfig
    let spec: FunctionSpec
    let revision: RevisionID
    let facts: HostFacts
    let paths: HostPaths

    package init(config: OCIConfig, spec: FunctionSpec, revision: RevisionID, facts: HostFacts) {
        self.init(config: config, spec: spec, revision: revision, facts: facts, paths: .none)
    }

    /// - Parameter paths: what of the host the configuration has, and may have.
    init(
        config: OCIConfig, spec: FunctionSpec, revision: RevisionID, facts: HostFacts, paths: HostPaths
    ) {
        self.paths = paths
        self.config = config
        self.spec = spec
        self.revision = revision
        self.facts = facts
    }

    /// Where the launcher's private root has an empty directory for the container's root.
    package static let rootMountPoint = "/root"

    /// - Parameter seccomp: the compiled filter, an array of `struct sock_filter`.
    /// - Throws: `InvalidInput` that names the key, for what cannot be done on this host.
    package func compile(seccomp: [UInt8]) throws(InvalidInput) -> LaunchPlan {
        try refuseRemounting()
        var linux = config.linux
        // The slots have what may be asked for.
        linux?.sysctl = config.linux?.sysctl?.filter { !$0.key.hasPrefix("net") }
        let kernel = facts.kernel
        var steps = try NamespaceFields.parameters(linux, ofHostRoot: true, kernel: kernel)
        steps += [.becomeRoot(keepsGroups: facts.isRootless), .root(.root, at: Self.rootMountPoint)]
        steps += try NamespaceFields.parameters(linux, ofHostRoot: false, kernel: kernel)
        steps += try NamespaceFields.time(config.linux)
        let mounts = MountCompiler(
            config: config, facts: facts, tmpfsSize: spec.limits.effectiveDisk, paths: paths)
        steps += try mounts.steps()
        steps += Attachments.steps(spec, after: paths)
        steps += hiddenPaths()
        let directory = config.process.cwd
        if directory != "/" { steps.append(.directory(directory, mode: 0o755)) }
        if let score = config.process.oomScoreAdj.map(Int.init) ?? (facts.oomScore < 0 ? 0 : nil) {
            guard score >= facts.oomScore else {
                throw InvalidInput(
                    "process.oomScoreAdj", "\(score) is under the daemon's own score",
                    allowed: "\(facts.oomScore) to 1000")
            }
            steps.append(.write("/proc/self/oom_score_adj", content: "\(score)"))
        }
        steps.append(.hostname(hostname))
        steps += NamespaceFields.domainName(config.domainname)
        if config.root.readonly == true { steps.append(.rootReadonly) }
        steps.append(.pivot)
        steps += propagations()
        steps += try processSteps(seccomp: seccomp)
        return LaunchPlan(steps: steps)
    }

    /// A mount from outside is read-only as long as nobody inside may change mounts: the kernel locks only what a namespace
    /// has from the one that it was copied of (mount_namespaces(7)).
    private func refuseRemounting() throws(InvalidInput) {
        let isShared =
            spec.volumes.contains { $0.readOnly }
            || paths.binds.contains { $0.attributes.union($0.attributesBelow).contains(.readOnly) }
        guard isShared, let mounting = CapabilitySet(name: "CAP_SYS_ADMIN") else { return }
        guard try config.process.capabilityMasks().bounding.isDisjoint(with: mounting) else {
            throw InvalidInput(
                "process.capabilities", "CAP_SYS_ADMIN could make what is attached read-only writable",
                allowed: "leave it out, or attach nothing read-only")
        }
    }

    /// The name that the container has for itself.
    package var hostname: String {
        if let name = config.hostname, !name.isEmpty { return name }
        return revision.function.name
    }

    private func hiddenPaths() -> [LaunchPlan.Step] {
        let standard = OCIConfig.default(command: []).linux
        let masked = config.linux?.maskedPaths ?? standard?.maskedPaths ?? []
        let readonly = config.linux?.readonlyPaths ?? standard?.readonlyPaths ?? []
        return masked.map { .mask($0) } + readonly.map { .readonly($0) }
    }

    private func processSteps(seccomp: [UInt8]) throws(InvalidInput) -> [LaunchPlan.Step] {
        let process = config.process
        let masks = try process.capabilityMasks()
        var steps: [LaunchPlan.Step] = [
            .stdio([.standardInput, .standardOutput, .standardError]),
            .arguments(try arguments()),
            .environment(environment()),
            .workingDirectory(process.cwd),
            try identity(),
        ]
        if facts.isRootless { steps.append(.keepGroups) }
        steps += try limits()
        steps += try ProcessFields(process, config.linux, modules: facts.modules).steps()
        steps.append(
            .capabilities(
                bounding: masks.bounding.rawValue, effective: masks.effective.rawValue,
                permitted: masks.permitted.rawValue, inheritable: masks.inheritable.rawValue,
                ambient: masks.ambient.rawValue))
        if process.noNewPrivileges ?? true { steps.append(.noNewPrivileges) }
        steps.append(.seccomp(seccomp, flags: try config.linux?.seccomp?.flagBits() ?? 0))
        // In mode exec it is started once for each request, and PID 1 is alone meanwhile.
        steps.append(spec.mode == .exec ? .ready : .start)
        return steps
    }

    /// How mounts travel between the instance's mount namespace and others that its own processes make. Nothing travels
    /// between it and the host.
    private func propagations() -> [LaunchPlan.Step] {
        let root = config.linux?.rootfsPropagation.flatMap { MountOptions.parsed(propagation: $0) }
        let own = root.map {
            LaunchPlan.Step.propagation($0.0, recursive: $0.1, of: "/", key: "linux.rootfsPropagation")
        }
        return [own].compactMap { $0 } + NamespaceFields.propagations(of: config.mounts)
    }

    private func arguments() throws(InvalidInput) -> [String] {
        guard let arguments = spec.command ?? config.process.args, arguments.first?.isEmpty == false else {
            throw InvalidInput("process.args", "is missing", allowed: "the program and its arguments")
        }
        return arguments
    }

    private func identity() throws(InvalidInput) -> LaunchPlan.Step {
        let user = config.process.user
        let groups = user?.additionalGids ?? []
        let counts = facts.isRootless ? OCIConfig.IDCounts(users: 1, groups: 1) : config.idCounts
        let ids = [("uid", user?.uid ?? 0, counts.users), ("gid", user?.gid ?? 0, counts.groups)]
        let more = groups.enumerated().map { ("additionalGids[\($0.offset)]", $0.element, counts.groups) }
        for (name, id, count) in ids + more where id >= count {
            throw InvalidInput(
                "process.user.\(name)", "\(id) is not mapped into the function's user namespace",
                allowed: facts.isRootless ? "0, in an unprivileged user namespace" : "0 to \(count - 1)")
        }
        guard !facts.isRootless || groups.isEmpty else {
            throw InvalidInput(
                "process.user.additionalGids", "cannot be set in an unprivileged user namespace",
                allowed: "leave it out")
        }
        return .identity(
            user: user?.uid ?? 0, group: user?.gid ?? 0, groups: groups, umask: user?.umask ?? 0o022)
    }

    private func limits() throws(InvalidInput) -> [LaunchPlan.Step] {
        var steps: [LaunchPlan.Step] = []
        let limits = try config.process.limits()
        for (index, limit) in limits.enumerated() {
            let most = facts.most(limit.kind)
            guard limit.hard <= most else {
                throw InvalidInput(
                    "process.rlimits[\(index)].hard",
                    "\(limit.hard) is over the daemon's own \(limit.kind.name)",
                    allowed: "at most \(most)")
            }
            steps.append(.limit(limit.kind, soft: limit.soft, hard: limit.hard))
        }
        if !limits.contains(where: { $0.kind == .openFiles }) {
            // The daemon's own soft limit is raised for its many descriptors; that is not a function's business.
            let most = facts.most(.openFiles)
            steps.append(.limit(.openFiles, soft: min(UInt64(Limits.openFiles), most), hard: most))
        }
        return steps
    }

    /// `NAME=value` each.
    func environment() -> [String] {
        var variables: [(name: String, value: String)] = []
        func set(_ name: String, _ value: String) {
            // Compared and split as bytes: to String, other bytes may be the same text.
            variables.removeAll { $0.name.utf8.elementsEqual(name.utf8) }
            variables.append((name, value))
        }
        set("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        set("HOME", (config.process.user?.uid ?? 0) == 0 ? "/root" : "/")
        for entry in config.process.env ?? [] {
            let name = entry.utf8.prefix { $0 != UInt8(ascii: "=") }
            set(String(Substring(name)), String(Substring(entry.utf8.dropFirst(name.count + 1))))
        }
        for (name, value) in spec.environment.sorted(by: { $0.key < $1.key }) { set(name, value) }
        set("PORT", "\(spec.port)")
        set("TORPOR_FUNCTION", revision.function.name)
        set("TORPOR_NAMESPACE", revision.function.namespace.description)
        set("TORPOR_REVISION", revision.name)
        set("TORPOR_INSTANCE", EncodedPlan.instancePlaceholder)
        set("K_SERVICE", revision.function.name)
        set("K_REVISION", revision.name)
        set("K_CONFIGURATION", revision.function.name)
        return variables.map { "\($0.name)=\($0.value)" }
    }
}
