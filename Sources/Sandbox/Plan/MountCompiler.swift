internal import Core
internal import LinuxSystem
package import OCI

/// The part of `LaunchPlanCompiler` about what is mounted where.
package struct MountCompiler {
    let config: OCIConfig
    let facts: HostFacts
    /// Bytes of a tmpfs that says no size; nil is what the kernel does, half of the host's memory.
    var tmpfsSize: ByteCount?
    /// What of the host the configuration has: the first of what is attached.
    let paths: HostPaths

    /// The file systems that every container has (config-linux.md, "Default Filesystems"), even where its configuration
    /// leaves them out, those first that others lie on.
    func mounts() -> [OCIConfig.Mount] {
        let own = config.mounts ?? []
        let have = Set(own.map { Self.normalized($0.destination) })
        let standard = (OCIConfig.default(command: []).mounts ?? []).filter {
            !have.contains($0.destination) && !["/tmp", "/run"].contains($0.destination)
        }
        let bases: Set<String> = ["/proc", "/dev", "/sys"]
        return standard.filter { bases.contains($0.destination) } + own
            + standard.filter { !bases.contains($0.destination) }
    }

    func steps() throws(InvalidInput) -> [LaunchPlan.Step] {
        var steps: [LaunchPlan.Step] = []
        var late: [LaunchPlan.Step] = []
        let all = mounts()
        var binds = 0
        for (index, mount) in all.enumerated() {
            if mount.isBind {
                guard paths.binds.indices.contains(binds) else {
                    throw InvalidInput("mounts[\(index)]", "shows a path of the host, which none allows")
                }
                steps.append(
                    .attachment(
                        .attached(binds), target: Self.normalized(mount.destination),
                        isFile: paths.binds[binds].isFile))
                binds += 1
                continue
            }
            let type = mount.type ?? "none"
            let path = "mounts[\(index)].options"
            let options = try MountOptions(mount.options ?? [], type: type, path: path)
            steps += try self.steps(for: mount, type: type, options: options, among: all)
            let isDevices = type == "tmpfs" && Self.normalized(mount.destination) == "/dev"
            if isDevices && options.flags.contains(.readOnly) && !sharesDevices(options, among: all) {
                // Once it has all its nodes and mount points.
                late = [.mountReadonly("/dev")]
            }
        }
        for (index, node) in paths.nodes.enumerated() {
            steps.append(
                .attachment(.attached(binds + index), target: Self.normalized(node.path), isFile: true))
        }
        return steps + late
    }

    private func steps(
        for mount: OCIConfig.Mount, type: String, options: MountOptions, among all: [OCIConfig.Mount]
    ) throws(InvalidInput) -> [LaunchPlan.Step] {
        let target = Self.normalized(mount.destination)
        let attributes = MountAttributes(rawValue: options.attributesOfNew)
        let label = [try facts.modules.labelOption(config.linux?.mountLabel, type: type)].compactMap { $0 }
        switch type {
        case "sysfs":
            return [.attach(.sysfs, target: target, attributes: attributes)]
        case "cgroup", "cgroup2":
            guard facts.hasCgroupFilesystem else { return [] }
            return [
                .mount(
                    type: "cgroup2", target: target, options: [], attributes: attributes.union(.readOnly))
            ]
        case "devpts":
            // gid=5 is the group of terminals; it does not exist where few ids are mapped.
            let groups = facts.isRootless ? 1 : config.idCounts.groups
            let data = options.data.filter { option in
                guard option.hasPrefix("gid="), let group = UInt32(option.dropFirst(4)) else { return true }
                return group < groups
            }
            return [.mount(type: "devpts", target: target, options: data + label, attributes: attributes)]
        case "tmpfs" where target == "/dev":
            return devices(options: options, attributes: attributes, label: label, among: all)
        default:
            var data = Self.data(options) + label
            if type == "tmpfs", let tmpfsSize, !data.contains(where: Self.bounds) {
                data.append("size=\(tmpfsSize.bytes)")
            }
            return [.mount(type: type, target: target, options: data, attributes: attributes)]
        }
    }

    private static func bounds(_ option: String) -> Bool {
        option.hasPrefix("size=") || option.hasPrefix("nr_blocks=")
    }

    /// Where there is a tmpfs of the container's own that it writes to.
    func writablePlaces() -> [String] {
        mounts().compactMap { mount in
            let target = Self.normalized(mount.destination)
            guard mount.type == "tmpfs", target != "/dev", mount.options?.contains("ro") != true else {
                return nil
            }
            return target
        }
    }

    /// What the file system itself is told.
    package static func data(_ options: MountOptions) -> [String] {
        var data = options.data
        if options.flags.contains(.synchronous) { data.append("sync") }
        if options.flags.contains(.synchronousDirectories) { data.append("dirsync") }
        if options.flags.contains(.lazyTime) { data.append("lazytime") }
        return data
    }

    // MARK: /dev

    package static let nodes = ["null", "zero", "full", "random", "urandom", "tty"]
    package static let links = [
        ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"), ("ptmx", "pts/ptmx"),
    ]
    /// What the launcher's device tree has as mount points.
    static let deviceDirectories = ["pts", "shm", "mqueue"]

    /// One shared tree where nobody could tell the difference, else a tmpfs of the container's own with bound nodes.
    private func devices(
        options: MountOptions, attributes: MountAttributes, label: [String], among all: [OCIConfig.Mount]
    ) -> [LaunchPlan.Step] {
        if sharesDevices(options, among: all) {
            // How access times are noted is fixed for a mount that comes from outside; on a read-only one none are.
            let own = attributes.intersection([.readOnly, .noSetuid, .noExecute])
            return [.bind(source: "/devices", target: "/dev", attributes: own)]
        }
        var steps: [LaunchPlan.Step] = [
            .mount(
                type: "tmpfs", target: "/dev", options: Self.data(options) + label,
                attributes: attributes.subtracting([.readOnly, .noDevices]))
        ]
        steps += Self.nodes.map {
            .bind(source: "/dev/\($0)", target: "/dev/\($0)", attributes: [.noSetuid, .noExecute])
        }
        steps += Self.links.map { .symlink(content: $0.1, target: "/dev/\($0.0)") }
        return steps
    }

    private func sharesDevices(_ options: MountOptions, among all: [OCIConfig.Mount]) -> Bool {
        let mountPoints = Set(Self.deviceDirectories.map { "/dev/" + $0 })
        let below = all.map { Self.normalized($0.destination) }
            .filter { $0.utf8.starts(with: "/dev/".utf8) }
        return paths.nodes.isEmpty && facts.hasDeviceTree && options.flags.contains(.readOnly)
            && below.allSatisfy(mountPoints.contains)
    }

    /// One slash between components, none at the end.
    package static func normalized(_ path: String) -> String {
        // Bytes, as the kernel has it: a slash that a combining character follows is no slash to Character.
        let components = path.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        return "/" + components.filter { $0 != "." }.joined(separator: "/")
    }
}
