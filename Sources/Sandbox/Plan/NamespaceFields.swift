package import Core
package import OCI

/// Steps for what belongs to a container's namespaces (config.md, config-linux.md): shared by functions and torpor-oci.
package enum NamespaceFields {
    /// Kernel parameters, written while the launcher's /proc is there: those that belong to root of the host, before the
    /// process becomes root of the container, or those that belong to that one, after it.
    package static func parameters(
        _ linux: OCIConfig.Linux?, ofHostRoot: Bool, kernel: KernelVersion
    ) throws(InvalidInput) -> [LaunchPlan.Step] {
        try Sysctl.all(linux?.sysctl).filter { parameter in
            isOfHostRoot(parameter.namespace, kernel) == ofHostRoot
        }.map { parameter in
            .write(
                "/proc/sys/\(parameter.path)", content: parameter.value,
                purpose: "set linux.sysctl.\(parameter.name)")
        }
    }

    /// From Linux 6.9 on those of an IPC namespace belong to root of its user namespace. Those of the network always do,
    /// and whoever made the namespace with that one is its root.
    private static func isOfHostRoot(_ kind: OCIConfig.NamespaceKind, _ kernel: KernelVersion) -> Bool {
        kind == .uts || kind == .ipc && kernel < KernelVersion(6, 9)
    }

    package static func domainName(_ name: String?) -> [LaunchPlan.Step] {
        guard let name, !name.isEmpty else { return [] }
        return [
            .call(
                SystemCall(
                    .setdomainname, [.text(name), .number(UInt64(name.utf8.count))],
                    purpose: "set domainname"))
        ]
    }

    /// A new time namespace, which the process then enters: only its children would be in it otherwise, and its offsets
    /// hold from the moment that somebody is (time_namespaces(7)). Before the pivot, after the process became root.
    package static func time(_ linux: OCIConfig.Linux?) throws(InvalidInput) -> [LaunchPlan.Step] {
        let isNew = (linux?.namespaces ?? []).contains { $0.type == .time && ($0.path ?? "").isEmpty }
        guard isNew else { return [] }
        let kind = SystemCall.Argument.number(0x80)
        let here = UInt64(bitPattern: -100)
        let readOnly: UInt64 = 0o2000000
        let purpose = "make the time namespace"
        var steps: [LaunchPlan.Step] = [.call(SystemCall(.unshare, [kind], purpose: purpose))]
        if let lines = try linux?.timeOffsetLines() {
            steps.append(
                .write("/proc/self/timens_offsets", content: lines, purpose: "set linux.timeOffsets"))
        }
        steps += [
            .call(
                SystemCall(
                    .openat, [.number(here), .text("/proc/self/ns/time_for_children"), .number(readOnly)],
                    purpose: purpose)),
            .call(SystemCall(.setns, [.result, kind], purpose: purpose)),
            .call(SystemCall(.close, [.result], purpose: purpose)),
        ]
        return steps
    }

    /// How mounts that are not copies of the host's travel, once the root is the container's. They are made private.
    package static func propagations(of mounts: [OCIConfig.Mount]?) -> [LaunchPlan.Step] {
        var steps: [LaunchPlan.Step] = []
        for (index, mount) in (mounts ?? []).enumerated() where !mount.isBind {
            for option in mount.options ?? [] {
                guard let (value, recursive) = MountOptions.parsed(propagation: option) else { continue }
                let target = MountCompiler.normalized(mount.destination)
                steps.append(
                    .propagation(value, recursive: recursive, of: target, key: "mounts[\(index)].options"))
            }
        }
        return steps
    }
}
