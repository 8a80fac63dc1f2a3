package import Core
package import OCI

/// What is written to an instance's cgroup, from its configuration's resources and its function's own limits. Pure.
package struct CgroupLimits: Sendable {
    /// Controllers that instances have; nil without a cgroup.
    private let controllers: Set<String>?
    private let areBestEffort: Bool

    /// - Parameter areBestEffort: whether a limit that this host cannot enforce is dropped instead of refused.
    package init(controllers: Set<String>?, areBestEffort: Bool) {
        self.controllers = controllers
        self.areBestEffort = areBestEffort
    }

    /// What the function's own limits say wins over its configuration. A limit that somebody named must hold.
    /// - Parameter isShared: its processes answer different requests: one that takes too much memory ends alone.
    /// - Throws: `InvalidInput` that names the limit for which this host has no controller.
    package func settings(
        _ resources: OCIConfig.Resources?, _ limits: LimitSpec, isShared: Bool = false
    ) throws(InvalidInput) -> [CgroupSetting] {
        var settings = resources?.cgroupSettings() ?? []
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
        settings += Self.whatMakesMemoryBind(settings, isShared: isShared)
        return settings.filter { controllers?.contains($0.controller.rawValue) == true }
    }

    /// What of this the host cannot enforce, each with the controller that it lacks.
    package func unenforceable(
        _ resources: OCIConfig.Resources?, _ limits: LimitSpec
    ) -> [(limit: String, controller: String)] {
        var named = (resources?.cgroupSettings() ?? []).map { ("linux.resources, \($0.file)", $0.controller) }
        if limits.memory != nil { named.append(("limits.memory", .memory)) }
        if limits.cpu != nil { named.append(("limits.cpu", .cpu)) }
        if limits.pids != nil { named.append(("limits.pids", .pids)) }
        return named.filter { controllers?.contains($0.1.rawValue) != true }.map { ($0.0, $0.1.rawValue) }
    }

    /// A function over its memory would go on in the host's swap, and one that lost a process would half live on.
    private static func whatMakesMemoryBind(_ settings: [CgroupSetting], isShared: Bool) -> [CgroupSetting] {
        guard settings.contains(where: { $0.file == "memory.max" && $0.value != "max" }) else { return [] }
        var result: [CgroupSetting] = []
        if !isShared, !settings.contains(where: { $0.file == "memory.oom.group" }) {
            result.append(CgroupSetting(controller: .memory, file: "memory.oom.group", value: "1"))
        }
        if !settings.contains(where: { $0.file == "memory.swap.max" }) {
            result.append(
                CgroupSetting(controller: .memory, file: "memory.swap.max", value: "0", isOptional: true))
        }
        return result
    }

    private func require(_ controller: CgroupSetting.Controller, for path: String) throws(InvalidInput) {
        guard !areBestEffort, controllers?.contains(controller.rawValue) != true else { return }
        throw InvalidInput(
            path,
            "cannot be enforced: the host does not offer the cgroup v2 controller \(controller.rawValue)",
            allowed: "leave it out, or see torpor system check")
    }
}
