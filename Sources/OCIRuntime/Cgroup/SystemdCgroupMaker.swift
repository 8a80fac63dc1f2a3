internal import Glibc
internal import LinuxSystem
internal import OCI
internal import Sandbox

/// Has systemd make a container's cgroup: a transient scope, whose directory and controllers are then the container's
/// (`Delegate=yes`). A scope begins with a process, so a placeholder stands in it until the container's first one is born.
package struct SystemdCgroupMaker {
    let limits: CgroupLimiter

    func make(_ unit: SystemdUnit, annotations: [String: String]) throws -> CreatedCgroup {
        let host = limits.host
        let bus = host.isRootless ? "unix:path=/run/user/\(host.userID)/bus" : nil
        let placeholder = try Placeholder()
        let properties =
            Self.properties(unit, processes: [placeholder.processID]) + SystemdProperty.of(limits.settings)
            + (try SystemdAnnotations.properties(annotations))
        try start(unit, properties, Busctl(bus: bus))
        do {
            let directory = try directory(of: placeholder, in: unit)
            var controllers = CgroupControllers(for: limits.settings)
            controllers.handDown(from: host.mount.point, to: directory)
            let record = CgroupRecord(directory: directory, scope: unit.scope, bus: bus)
            let cgroup = try ContainerCgroup(record)
            try limits.apply(to: cgroup, controllers)
            return CreatedCgroup(cgroup, placeholder: placeholder)
        } catch {
            placeholder.end()
            try? Busctl(bus: bus).call(["StopUnit", "ss", unit.scope, "replace"])
            throw error
        }
    }

    /// A unit of the same name that failed earlier stands in the way until it is forgotten.
    private func start(_ unit: SystemdUnit, _ properties: [SystemdProperty], _ busctl: Busctl) throws {
        let call = Self.startArguments(unit, properties)
        do { try busctl.call(call) } catch {
            guard (try? busctl.call(["ResetFailedUnit", "s", unit.scope])) != nil else { throw error }
            try busctl.call(call)
        }
    }

    static func properties(_ unit: SystemdUnit, processes: [Int32]) -> [SystemdProperty] {
        [
            SystemdProperty("Description", "OCI container \(unit.scope)"),
            SystemdProperty("Slice", unit.slice), SystemdProperty("DefaultDependencies", false),
            SystemdProperty("Delegate", true), SystemdProperty("CPUAccounting", true),
            SystemdProperty("MemoryAccounting", true), SystemdProperty("IOAccounting", true),
            SystemdProperty("TasksAccounting", true), SystemdProperty("PIDs", processes: processes),
        ]
    }

    /// Of the method `StartTransientUnit`. A later property of the same name wins.
    package static func startArguments(_ unit: SystemdUnit, _ properties: [SystemdProperty]) -> [String] {
        var last: [SystemdProperty] = []
        for property in properties {
            last.removeAll { $0.name == property.name }
            last.append(property)
        }
        return ["StartTransientUnit", "ssa(sv)a(sa(sv))", unit.scope, "fail", "\(last.count)"]
            + last.flatMap { [$0.name] + $0.words } + ["0"]
    }

    /// systemd answers before it has moved the process.
    private func directory(of placeholder: Placeholder, in unit: SystemdUnit) throws -> String {
        let deadline = ContinuousClock.now + .seconds(30)
        let mountinfo = try File.text("/proc/self/mountinfo")
        while true {
            let membership = try File.text("/proc/\(placeholder.processID)/cgroup")
            if let place = CgroupLocation(mountinfo: mountinfo, membership: membership)?.directory,
                place.hasSuffix("/" + unit.scope)
            {
                return place
            }
            guard ContinuousClock.now < deadline else {
                throw ToolError(tool: "systemd", message: "no process came into \(unit.scope)")
            }
            usleep(2_000)
        }
    }
}
