package import Core
internal import LinuxSystem
package import OCI
internal import Sandbox

/// Changes the limits of a container that is there. What is not named stays as it is.
package struct ContainerUpdate {
    private let resources: OCIConfig.Resources

    package init(_ resources: OCIConfig.Resources) { self.resources = resources }

    /// - Parameter bytes: JSON of a `linux.resources`.
    package static func parse(_ bytes: [UInt8]) throws(InvalidInput) -> OCIConfig.Resources {
        let before =
            #"{"ociVersion":"1.2.0","root":{"path":"/"},"process":{"cwd":"/"},"linux":{"resources":"#
        let config = try OCIConfig.parse(Array(before.utf8) + bytes + Array("}}".utf8), ids: .max)
        return config.linux?.resources ?? OCIConfig.Resources()
    }

    /// - Throws: `RuntimeFailure` for a container that has ended or has no cgroup; `InvalidInput` that names what cannot be
    ///   enforced, and why: then what came before it is in force.
    package func apply(to directory: ContainerDirectory) throws {
        try directory.lock()
        let record = try directory.record()
        guard record.status != .stopped, let place = record.cgroup else {
            throw RuntimeFailure(
                record.cgroup == nil
                    ? "container \(directory.id) has no cgroup, so it has no limits"
                    : "container \(directory.id) has ended")
        }
        let cgroup = try ContainerCgroup(place)
        let resources = completed(from: cgroup)
        try resources.checkCgroupValues()
        try Self.check(resources.memory, of: cgroup)
        guard let host = try CgroupHost.probe() else { throw RuntimeFailure("there is no cgroup v2") }
        let settings = Self.idleness(resources) + resources.cgroupSettings()
        if let scope = place.scope {
            try Busctl(bus: place.bus).call(Self.arguments(scope, SystemdProperty.of(settings)))
        }
        var controllers = CgroupControllers(for: settings)
        controllers.handDown(from: host.mount.point, to: place.directory)
        // Rules of devices, where there are some, take the place of all that there were.
        var linux = try OCIConfig.parse(try directory.configurationBytes(), ids: .max).linux
        linux?.resources = resources
        try CgroupLimiter(linux: linux, settings: settings, host: host).apply(to: cgroup, controllers)
    }

    /// Of the method `SetUnitProperties`: for as long as the unit runs.
    static func arguments(_ scope: String, _ properties: [SystemdProperty]) -> [String] {
        ["SetUnitProperties", "sba(sv)", scope, "true", "\(properties.count)"]
            + properties.flatMap { [$0.name] + $0.words }
    }

    /// The first time, no idleness needs no file.
    private static func idleness(_ resources: OCIConfig.Resources) -> [CgroupSetting] {
        guard resources.cpu?.idle == 0 else { return [] }
        return [CgroupSetting(controller: .cpu, file: "cpu.idle", value: "0", field: "cpu.idle")]
    }

    /// Two limits stand in one file, and a third is counted from another: where one is named, the other is what it was.
    private func completed(from cgroup: ContainerCgroup) -> OCIConfig.Resources {
        var resources = resources
        if var cpu = resources.cpu, (cpu.quota == nil) != (cpu.period == nil) {
            let words = ((try? cgroup.text("cpu.max")) ?? "").split(whereSeparator: \.isWhitespace)
            if words.count == 2, cpu.quota == nil { cpu.quota = Int64(words[0]) ?? -1 }
            if words.count == 2, cpu.period == nil { cpu.period = UInt64(words[1]) }
            resources.cpu = cpu
        }
        if var memory = resources.memory, let swap = memory.swap, swap > 0, memory.limit == nil {
            memory.limit = Self.number(try? cgroup.text("memory.max"))
            resources.memory = memory
        }
        return resources
    }

    /// The kernel would take a limit below what is used, and kill for it.
    private static func check(
        _ memory: OCIConfig.Memory?, of cgroup: ContainerCgroup
    ) throws(InvalidInput) {
        guard let memory, memory.checkBeforeUpdate == true, let limit = memory.limit,
            limit > 0, let used = number(try? cgroup.text("memory.current")), limit < used
        else { return }
        throw InvalidInput(
            "linux.resources.memory.limit", "\(limit) is less than the \(used) bytes in use",
            allowed: "more, or no checkBeforeUpdate")
    }

    private static func number(_ text: String?) -> Int64? { text.flatMap { Int64($0.filter(\.isNumber)) } }
}
