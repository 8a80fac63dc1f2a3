internal import Core
internal import Glibc
internal import LinuxSystem
internal import OCI
internal import Sandbox

/// The device rules of a container's cgroup (config-linux.md, "Allowed Device list"), held by a program of the kernel's.
enum CgroupDevices {
    /// Without rules a container may use what it has nodes of, as in other runtimes.
    /// - Throws: `InvalidInput` where they are none, or cannot be enforced.
    static func attach(
        _ linux: OCIConfig.Linux?, to cgroup: ContainerCgroup, in host: CgroupHost
    ) throws(InvalidInput) {
        guard linux?.resources?.devices?.isEmpty == false else { return }
        let rules = try DeviceRules(linux, makesNodes: true)
        do { try DeviceControl.attach(rules, to: cgroup.descriptor) } catch {
            // Who is no root of the host may load no such program, and can make no device node either.
            if host.isRootless, [EPERM, EACCES].contains(error.code) { return }
            throw InvalidInput("linux.resources.devices", "cannot be enforced: \(error)")
        }
    }

    /// For a container without a cgroup: engines write the usual rules for it all the same.
    static func checkWithoutCgroup(_ rules: [OCIConfig.DeviceRule]) throws(InvalidInput) {
        for (index, rule) in rules.enumerated() where !rule.allow && !DefaultDevice.isImplied(by: rule) {
            throw InvalidInput(
                "linux.resources.devices[\(index)]", "cannot be enforced: the container has no cgroup",
                allowed: "leave it out")
        }
    }
}
