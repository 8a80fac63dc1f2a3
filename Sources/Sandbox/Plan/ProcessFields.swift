package import Core
internal import LinuxSystem
package import OCI

/// What a process of a container gets by one system call each (config.md, "Linux Process"; config-linux.md,
/// "Personality"): the same for a function, for the first process of torpor-oci and for what it executes later.
package struct ProcessFields: Sendable {
    private let process: OCIConfig.Process
    private let linux: OCIConfig.Linux?
    private let modules: SecurityModules

    package init(_ process: OCIConfig.Process, _ linux: OCIConfig.Linux?, modules: SecurityModules) {
        self.process = process
        self.linux = linux
        self.modules = modules
    }

    /// - Parameter processors: where the process is to run; a further process alone has such a list.
    /// - Throws: `InvalidInput` that names the field, for what the host does not have.
    package func steps(processors: ProcessorList? = nil) throws(InvalidInput) -> [LaunchPlan.Step] {
        var calls: [SystemCall] = []
        if let scheduler = process.scheduler { calls.append(try Self.schedule(scheduler.attributes())) }
        if let priority = process.ioPriority {
            // IOPRIO_WHO_PROCESS, the caller.
            calls.append(
                SystemCall(
                    .ioprio_set, [.number(1), .number(0), .number(try priority.value())],
                    purpose: "set process.ioPriority"))
        }
        if let processors {
            calls.append(
                SystemCall(
                    .sched_setaffinity,
                    [.number(0), .number(UInt64(8 * processors.mask.count)), .words(processors.mask)],
                    purpose: "set process.execCPUAffinity"))
        }
        if let personality = try linux?.personality?.value() {
            calls.append(SystemCall(.personality, [.number(personality)], purpose: "set linux.personality"))
        }
        return calls.map { .processCall($0) } + (try labels())
    }

    private static func schedule(_ attributes: OCIConfig.Scheduler.Attributes) -> SystemCall {
        // struct sched_attr in its first form, of 48 bytes (sched_setattr(2)).
        let nice = UInt64(UInt32(bitPattern: attributes.nice))
        let words = [
            48 | UInt64(attributes.policy) << 32, attributes.flags, nice | UInt64(attributes.priority) << 32,
            attributes.runtime, attributes.deadline, attributes.period,
        ]
        return SystemCall(
            .sched_setattr, [.number(0), .words(words), .number(0)], purpose: "set process.scheduler")
    }

    /// What the program runs under from its exec on.
    private func labels() throws(InvalidInput) -> [LaunchPlan.Step] {
        var steps: [LaunchPlan.Step] = []
        if let profile = process.apparmorProfile, !profile.isEmpty {
            try modules.require("apparmor", "AppArmor", for: "process.apparmorProfile")
            steps.append(
                .processWrite(
                    "/proc/self/attr/apparmor/exec", content: "exec \(profile)",
                    purpose: "set process.apparmorProfile '\(profile)'"))
        }
        if let label = process.selinuxLabel, !label.isEmpty {
            try modules.require("selinux", "SELinux", for: "process.selinuxLabel")
            steps.append(
                .processWrite(
                    "/proc/self/attr/exec", content: label, purpose: "set process.selinuxLabel '\(label)'"))
        }
        return steps
    }
}

/// The security modules that are in force on this host.
package struct SecurityModules: Sendable, Hashable {
    package var names: Set<String>

    package init(_ names: Set<String>) { self.names = names }

    /// Reads what the kernel says; none where it says nothing.
    package static func ofHost() -> SecurityModules {
        var names: Set<String> = []
        if let enabled = try? File.text("/sys/module/apparmor/parameters/enabled"), enabled.hasPrefix("Y") {
            names.insert("apparmor")
        }
        if (try? File.text("/sys/fs/selinux/enforce")) != nil { names.insert("selinux") }
        return SecurityModules(names)
    }

    /// - Throws: `InvalidInput` where the host has not this one.
    func require(_ name: String, _ title: String, for path: String) throws(InvalidInput) {
        guard names.contains(name) else {
            throw InvalidInput(
                path, "cannot be applied: \(title) is not enabled on this host", allowed: "leave it out")
        }
    }

    /// The option by which a new file system has a label (config-linux.md, "Mount label"); nil where it has none.
    package func labelOption(_ label: String?, type: String) throws(InvalidInput) -> String? {
        guard let label, !label.isEmpty else { return nil }
        try require("selinux", "SELinux", for: "linux.mountLabel")
        // The labels of these are the policy's.
        return ["proc", "sysfs", "cgroup", "cgroup2"].contains(type) ? nil : "context=\(label)"
    }
}
