internal import Core
internal import LinuxSystem
internal import OCI

/// A revision compiled for this host: what every launch of it has in common.
struct PreparedRevision: Sendable {
    let plan: EncodedPlan
    /// The steps in words, for failures.
    let summaries: [String]
    let program: String
    let hostname: String
    let settings: [CgroupSetting]
    let image: String
}

/// Compiles revisions.
struct RevisionCompiler: Sendable {
    let facts: HostFacts
    /// Controllers that instances have; nil without a cgroup.
    let controllers: Set<String>?
    let limitsAreBestEffort: Bool
    let rootfsPath: @Sendable (ContentDigest) -> String

    /// - Throws: `InvalidInput` for what this host or version does not honour.
    func compile(_ revision: Revision) throws(InvalidInput) -> PreparedRevision {
        var config = try OCIConfig.parse(revision.ociConfig)
        if let command = revision.spec.command { config.process.args = command }
        try HonouredFields.check(config)
        let capabilities = try config.process.capabilityMasks()
        let filter = try SeccompCompiler.compile(
            config.linux?.seccomp, capabilities: capabilities.bounding)
        let compiler = LaunchPlanCompiler(
            config: config, spec: revision.spec, revision: revision.id, facts: facts)
        let plan = try compiler.compile(seccomp: filter)
        return PreparedRevision(
            plan: try EncodedPlan(plan), summaries: plan.steps.map(\.summary),
            program: config.process.args?.first ?? "", hostname: compiler.hostname,
            settings: try settings(config, revision.spec.limits), image: rootfsPath(revision.rootfs))
    }

    /// What the function's own limits say wins over its configuration. A limit that somebody named must hold.
    private func settings(_ config: OCIConfig, _ limits: LimitSpec) throws(InvalidInput) -> [CgroupSetting] {
        var settings = config.linux?.resources?.cgroupSettings() ?? []
        for setting in settings { try require(setting.controller, for: "linux.resources, \(setting.file)") }
        func set(_ controller: CgroupSetting.Controller, _ file: String, _ value: String) {
            settings.removeAll { $0.file == file }
            settings.append(CgroupSetting(controller: controller, file: file, value: value))
        }
        if let memory = limits.memory {
            try require(.memory, for: "limits.memory")
            set(.memory, "memory.max", "\(memory.bytes)")
        }
        if let cpu = limits.cpu {
            try require(.cpu, for: "limits.cpu")
            // A thousandth of a core is a hundred of the period's 100,000 microseconds.
            set(.cpu, "cpu.max", "\(cpu.millicores * 100) 100000")
        }
        if let pids = limits.pids {
            try require(.pids, for: "limits.pids")
            set(.pids, "pids.max", "\(pids)")
        } else if !settings.contains(where: { $0.file == "pids.max" }) {
            set(.pids, "pids.max", "\(Limits.processes)")
        }
        if settings.contains(where: { $0.file == "memory.max" }) { set(.memory, "memory.oom.group", "1") }
        return settings.filter { controllers?.contains($0.controller.rawValue) == true }
    }

    private func require(_ controller: CgroupSetting.Controller, for path: String) throws(InvalidInput) {
        guard !limitsAreBestEffort, controllers?.contains(controller.rawValue) != true else { return }
        throw InvalidInput(
            path,
            "cannot be enforced: the host does not offer the cgroup v2 controller \(controller.rawValue)",
            allowed: "leave it out, or see torpor system check")
    }
}
