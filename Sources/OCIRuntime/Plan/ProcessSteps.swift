package import Core
package import OCI
package import Sandbox

/// The steps that make a process of a container what its configuration says, without the one that starts it. Pure.
package struct ProcessSteps: Sendable {
    private let process: OCIConfig.Process
    private let seccomp: OCIConfig.Seccomp?
    private let linux: OCIConfig.Linux?
    private let modules: SecurityModules
    private let keepsGroups: Bool
    private let listener: SeccompListener?
    private let processors: ProcessorList?

    /// - Parameters:
    ///   - seccomp: nil is no filter. - linux: for what it says of processes. - modules: those of the host.
    ///   - keepsGroups: setgroups(2) is not allowed in the container's user namespace.
    ///   - listener: of a filter that notifies. - processors: where a further process is to run.
    package init(
        _ process: OCIConfig.Process, seccomp: OCIConfig.Seccomp?, linux: OCIConfig.Linux?,
        modules: SecurityModules, keepsGroups: Bool, listener: SeccompListener? = nil,
        processors: ProcessorList? = nil
    ) {
        self.process = process
        self.linux = linux
        self.modules = modules
        self.seccomp = seccomp
        self.keepsGroups = keepsGroups
        self.listener = listener
        self.processors = processors
    }

    package func steps() throws(InvalidInput) -> [LaunchPlan.Step] {
        guard let arguments = process.args, arguments.first?.isEmpty == false else {
            throw InvalidInput("process.args", "is missing", allowed: "the program and its arguments")
        }
        let user = process.user
        let groups = user?.additionalGids ?? []
        if keepsGroups && !groups.isEmpty {
            throw InvalidInput(
                "process.user.additionalGids", "cannot be set in this user namespace", allowed: "leave it out"
            )
        }
        let masks = try process.capabilityMasks()
        var steps: [LaunchPlan.Step] = [
            .arguments(arguments), .environment(process.env ?? []), .workingDirectory(process.cwd),
            .identity(
                user: user?.uid ?? 0, group: user?.gid ?? 0, groups: groups, umask: user?.umask ?? 0o022),
        ]
        if keepsGroups { steps.append(.keepGroups) }
        for limit in try process.limits() {
            steps.append(.limit(limit.kind, soft: limit.soft, hard: limit.hard))
        }
        steps += try ProcessFields(process, linux, modules: modules).steps(processors: processors)
        steps.append(
            .capabilities(
                bounding: masks.bounding.rawValue, effective: masks.effective.rawValue,
                permitted: masks.permitted.rawValue, inheritable: masks.inheritable.rawValue,
                // None can be ambient that is not in these two, and other runtimes write configurations where some are.
                ambient: masks.ambient.intersection(masks.permitted).intersection(masks.inheritable).rawValue)
        )
        if process.noNewPrivileges == true { steps.append(.noNewPrivileges) }
        if let seccomp {
            let filter = try SeccompCompiler.compile(seccomp, capabilities: masks.bounding)
            steps.append(.seccomp(filter, flags: try seccomp.flagBits(), listener: listener))
        }
        return steps
    }
}
