internal import Core
internal import LinuxSystem
internal import OCI

/// A revision compiled for this host: what every launch of it has in common.
struct PreparedRevision: Sendable {
    let plan: EncodedPlan
    /// The steps in words, for failures.
    let summaries: [String]
    /// The same of the calls that the process makes itself.
    let callPurposes: [String]
    let program: String
    let hostname: String
    let settings: [CgroupSetting]
    /// Of its own; nil where it has no devices but what every function has.
    let devices: DeviceControl?
    let image: String
    /// Whom the process runs as, in its own ids.
    let owner: LaunchJob.Owner
    /// Variables of its own whose names a request could use, too.
    let ownVariables: Set<String>
    let attachments: Attachments
    let idCounts: OCIConfig.IDCounts
    /// Where it has a tmpfs of its own that it writes to.
    let writablePlaces: [String]
    let lease = RevisionLease()
}

/// Tells by its end that a revision is forgotten.
final class RevisionLease: Sendable {}

/// Compiles revisions.
struct RevisionCompiler: Sendable {
    let facts: HostFacts
    let controllers: Set<String>?
    /// Whether programs keep functions from devices here.
    let controlsDevices: Bool
    let configuration: SandboxConfiguration

    /// - Throws: `InvalidInput` for what this host or version does not honour.
    func compile(_ revision: Revision) throws(InvalidInput) -> PreparedRevision {
        var config = try OCIConfig.parse(revision.ociConfig)
        if let command = revision.spec.command { config.process.args = command }
        try HonouredFields.check(config)
        try checkBinds(revision.spec.volumes)
        let capabilities = try config.process.capabilityMasks()
        let filter = try SeccompCompiler.compile(
            config.linux?.seccomp, capabilities: capabilities.bounding)
        let paths = try HostPaths(
            config, binds: BindDirectories(allowed: configuration.bindDirectories()),
            devices: configuration.allowedDevices())
        let compiler = LaunchPlanCompiler(
            config: config, spec: revision.spec, revision: revision.id, facts: facts, paths: paths)
        let plan = try compiler.compile(seccomp: filter)
        let user = config.process.user
        let owner = LaunchJob.Owner(user: user?.uid ?? 0, group: user?.gid ?? 0)
        let limits = CgroupLimits(
            controllers: controllers, areBestEffort: configuration.limitsAreBestEffort())
        return PreparedRevision(
            plan: try EncodedPlan(plan), summaries: plan.steps.map(\.summary),
            callPurposes: plan.callPurposes, program: config.process.args?.first ?? "",
            hostname: compiler.hostname,
            settings: try limits.settings(
                config.linux?.resources, revision.spec.limits, isShared: revision.spec.mode == .exec),
            devices: try devices(config.linux),
            image: configuration.rootfsPath(revision.rootfs),
            owner: owner, ownVariables: Set(plan.variableNames.filter(RequestVariables.couldBe)),
            attachments: Attachments(
                spec: revision.spec, namespace: revision.id.function.namespace, owner: owner, paths: paths),
            idCounts: config.idCounts,
            writablePlaces: MountCompiler(config: config, facts: facts, paths: paths).writablePlaces())
    }

    private func devices(_ linux: OCIConfig.Linux?) throws(InvalidInput) -> DeviceControl? {
        let hasOwn =
            linux?.devices?.contains { !DefaultDevice.isOne($0) } == true
            || linux?.resources?.devices?.contains { !DefaultDevice.isImplied(by: $0) } == true
        guard hasOwn else { return nil }
        let rules = try DeviceRules(linux, makesNodes: false)
        guard controlsDevices else { return nil }
        do { return try DeviceControl(rules) } catch {
            throw InvalidInput(
                "linux.resources.devices", "cannot be enforced: \(error)", allowed: "leave it out")
        }
    }

    private func checkBinds(_ volumes: [VolumeSpec]) throws(InvalidInput) {
        let binds = BindDirectories(allowed: configuration.bindDirectories())
        for (index, volume) in volumes.enumerated() {
            guard case .bind(let source) = volume.kind else { continue }
            do { try binds.check(source) } catch { throw error.inside("volumes[\(index)].bind") }
        }
    }
}
