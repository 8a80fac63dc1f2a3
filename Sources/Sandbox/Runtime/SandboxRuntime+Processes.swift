package import Core
internal import OCI

/// What a process of a revision has where nobody says otherwise.
package struct ProcessDefaults: Sendable {
    package let user: ProcessUser
}

extension SandboxRuntime {
    /// - Throws: `InvalidInput` for a revision that this host cannot run.
    package func processDefaults(
        of revision: Revision
    ) throws(InvalidInput) -> ProcessDefaults {
        let user = try OCIConfig.parse(revision.ociConfig).process.user
        return ProcessDefaults(
            user: ProcessUser(
                user: user?.uid ?? 0, group: user?.gid ?? 0, groups: user?.additionalGids ?? [],
                umask: user?.umask ?? 0o022))
    }
}
