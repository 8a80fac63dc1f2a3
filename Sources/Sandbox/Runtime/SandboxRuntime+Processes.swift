package import Core
internal import OCI

/// What a process of a revision has where nobody says otherwise.
package struct ProcessDefaults: Sendable {
    /// `NAME=value` each.
    package let environment: [String]
    package let user: ProcessUser
}

extension SandboxRuntime {
    /// - Throws: `InvalidInput` for a revision that this host cannot run.
    package func processDefaults(
        of revision: Revision, instance: InstanceID
    ) throws(InvalidInput) -> ProcessDefaults {
        let config = try OCIConfig.parse(revision.ociConfig)
        let compiler = LaunchPlanCompiler(
            config: config, spec: revision.spec, revision: revision.id, facts: facts)
        let own = EncodedPlan.instanceVariable
        let environment = compiler.environment().map { $0.hasPrefix(own) ? "\(own)\(instance)" : $0 }
        let user = config.process.user
        return ProcessDefaults(
            environment: environment,
            user: ProcessUser(
                user: user?.uid ?? 0, group: user?.gid ?? 0, groups: user?.additionalGids ?? [],
                umask: user?.umask ?? 0o022))
    }
}
