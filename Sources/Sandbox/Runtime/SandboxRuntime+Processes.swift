package import Core
internal import OCI

/// What a process of a revision has where nobody says otherwise.
package struct ProcessDefaults: Sendable {
    package let user: ProcessUser
    /// How many ids there are.
    package let userCount: UInt32
    package let groupCount: UInt32
}

extension SandboxRuntime {
    /// - Throws: `InvalidInput` for a revision that this host cannot run.
    package func processDefaults(
        of revision: Revision
    ) throws(InvalidInput) -> ProcessDefaults {
        let config = try OCIConfig.parse(revision.ociConfig)
        let user = config.process.user
        let counts = facts.isRootless ? OCIConfig.IDCounts(users: 1, groups: 1) : config.idCounts
        return ProcessDefaults(
            user: ProcessUser(
                user: user?.uid ?? 0, group: user?.gid ?? 0, groups: user?.additionalGids ?? [],
                umask: user?.umask ?? 0o022),
            userCount: counts.users, groupCount: counts.groups)
    }
}
