package import Core
internal import LinuxSystem
package import OCI
package import Sandbox

/// Compiles a bundle's configuration into what torpor-stage does. Pure, but for one question about the sources of binds.
///
/// The order of the steps is that of `LaunchPlanCompiler`, and for its reasons. The root is attached where it lies, with the
/// caller's ids, who can reach that place; everything else is done as root of the container.
package struct ContainerPlanCompiler {
    /// What is not in the configuration.
    package struct Setting {
        /// Absolute paths.
        package var bundle: String
        package var rootfs: String
        /// setgroups(2) is not allowed in the container's user namespace.
        package var keepsGroups = false
        /// Whether the program waits for a connection that says so.
        package var waitsForStart = true
        /// How many descriptors from 3 on the program gets.
        package var passed = 0
        /// Whether the root is moved and not pivoted to, as the root of a ramdisk must be.
        package var movesRoot = false
        /// Whether there is a group of this number in the container.
        package var hasGroup: (UInt32) -> Bool = { _ in true }
        /// Whether the caller may make no device nodes, and those of the host are bound.
        package var bindsNodes = false
        /// Where the host has its cgroup2.
        package var cgroupMount: String?
        package var kernel: KernelVersion
        package var modules: SecurityModules
        /// Whether the source of a bind is no directory; nil where there is none.
        package var isFile: (String) -> Bool? = { _ in nil }

        package init(bundle: String, rootfs: String, kernel: KernelVersion, modules: SecurityModules) {
            self.kernel = kernel
            self.modules = modules
            self.bundle = bundle
            self.rootfs = rootfs
        }
    }

    let config: OCIConfig
    let namespaces: NamespaceChoice
    let setting: Setting

    package init(config: OCIConfig, namespaces: NamespaceChoice, setting: Setting) {
        self.config = config
        self.namespaces = namespaces
        self.setting = setting
    }

    /// - Throws: `InvalidInput` that names the field.
    package func compile() throws(InvalidInput) -> ContainerPlan {
        try UnbuiltFields.check(config)
        guard namespaces.has(.mount) else {
            throw InvalidInput(
                "linux.namespaces", "has no mount namespace: what the container mounts would be the host's",
                allowed: "{\"type\": \"mount\"} in it")
        }
        let mounts = ContainerMounts(config: config, namespaces: namespaces, setting: setting)
        let (mountSteps, lateSteps, sources) = try mounts.compile()
        let devices = try ContainerDevices(
            config: config, bindsNodes: namespaces.hasOtherUsers || setting.bindsNodes)
        let places = PlanPlaces(sources: sources.count)
        let entry = RootEntry(rootfs: setting.rootfs)
        var steps: [LaunchPlan.Step] = namespaces.joins(.mount) ? [] : [entry.shield]
        steps += try NamespaceFields.parameters(config.linux, ofHostRoot: true, kernel: setting.kernel)
        steps.append(.root(.root, at: setting.rootfs))
        if namespaces.hasOtherUsers { steps.append(.becomeRoot(keepsGroups: setting.keepsGroups)) }
        steps += try NamespaceFields.parameters(config.linux, ofHostRoot: false, kernel: setting.kernel)
        steps += try NamespaceFields.time(config.linux)
        steps += mountSteps
        steps += devices.early
        steps += hiddenPaths()
        if config.process.cwd != "/" { steps.append(.directory(config.process.cwd, mode: 0o755)) }
        steps += try names()
        if hasEarlyHooks { steps.append(.sync(ContainerPlan.Point.mounted.rawValue, listener: nil)) }
        steps += namespaces.joins(.mount) ? entry.change : setting.movesRoot ? entry.move : [.pivot]
        let propagation = try rootPropagation()
        if propagation.value == .shared {
            // No root can be pivoted to that is shared.
            steps.append(
                .propagation(
                    .shared, recursive: propagation.isRecursive, of: "/", key: "linux.rootfsPropagation"))
        }
        steps += NamespaceFields.propagations(of: config.mounts)
        if config.process.terminal == true { steps.append(terminal()) }
        steps += devices.late
        steps += lateSteps
        if config.root.readonly == true { steps.append(.rootReadonly) }
        let seccomp = config.linux?.seccomp
        let isNotified = seccomp?.notifies == true
        let socket = places.notified(passed: setting.passed, hasListener: setting.waitsForStart)
        steps += try ProcessSteps(
            config.process, seccomp: seccomp, linux: config.linux, modules: setting.modules,
            keepsGroups: setting.keepsGroups,
            listener: isNotified ? SeccompListener(socket: socket, message: "") : nil
        ).steps()
        if setting.passed > 0 {
            let hasListener = setting.waitsForStart
            steps.append(
                .pass((0..<setting.passed).map { places.passed($0, hasListener: hasListener) }))
        }
        steps.append(
            .sync(
                ContainerPlan.Point.ready.rawValue, listener: setting.waitsForStart ? places.listener : nil))
        steps.append(.start)
        var plan = ContainerPlan(
            steps: steps,
            rootPropagation: (propagation.value == .shared ? .private : propagation.value).rawValue,
            sources: sources)
        plan.listenerPath = isNotified ? seccomp?.listenerPath : nil
        plan.listenerMetadata = seccomp?.listenerMetadata
        return plan
    }

    private var hasEarlyHooks: Bool {
        let hooks = config.hooks
        return [hooks?.prestart, hooks?.createRuntime, hooks?.createContainer].contains {
            $0?.isEmpty == false
        }
    }

    private func hiddenPaths() -> [LaunchPlan.Step] {
        (config.linux?.maskedPaths ?? []).map { .cover($0) }
            + (config.linux?.readonlyPaths ?? []).map { .readonly($0) }
    }

    private func names() throws(InvalidInput) -> [LaunchPlan.Step] {
        var steps: [LaunchPlan.Step] = []
        if let score = config.process.oomScoreAdj {
            steps.append(.write("/proc/self/oom_score_adj", content: "\(score)"))
        }
        for (key, name) in [("hostname", config.hostname), ("domainname", config.domainname)] {
            guard let name, !name.isEmpty else { continue }
            guard namespaces.has(.uts) else {
                throw InvalidInput(
                    key, "would be the host's: the container has no UTS namespace",
                    allowed: "{\"type\": \"uts\"} in linux.namespaces")
            }
            guard name.utf8.count <= Limits.hostnameBytes else {
                throw InvalidInput(
                    key, "has \(name.utf8.count) bytes", allowed: "at most \(Limits.hostnameBytes)")
            }
            steps += key == "hostname" ? [.hostname(name)] : NamespaceFields.domainName(name)
        }
        return steps
    }

    private func terminal() -> LaunchPlan.Step {
        let size = config.process.consoleSize
        return .terminal(
            console: "/dev/console", rows: UInt16(clamping: size?.height ?? 0),
            columns: UInt16(clamping: size?.width ?? 0), owner: config.process.user?.uid ?? 0)
    }

    private func rootPropagation() throws(InvalidInput) -> (
        value: MountOptions.Propagation, isRecursive: Bool
    ) {
        let word = config.linux?.rootfsPropagation ?? ""
        guard let value = MountOptions.propagation(word.isEmpty ? "rprivate" : word) else {
            throw InvalidInput(
                "linux.rootfsPropagation", "'\(word.prefix(40))' is none",
                allowed: "shared, slave, private or unbindable")
        }
        return (value, word.hasPrefix("r"))
    }
}
