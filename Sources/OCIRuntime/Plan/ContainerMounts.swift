internal import Core
internal import LinuxSystem
internal import OCI
internal import Sandbox

/// The part of `ContainerPlanCompiler` about `mounts`.
struct ContainerMounts {
    let config: OCIConfig
    let namespaces: NamespaceChoice
    let setting: ContainerPlanCompiler.Setting

    /// - Returns: the steps before the pivot, those after it, and what is sent along.
    func compile() throws(InvalidInput) -> (
        steps: [LaunchPlan.Step], late: [LaunchPlan.Step], sources: [MountSource]
    ) {
        var steps: [LaunchPlan.Step] = []
        var sources: [MountSource] = []
        var late: [LaunchPlan.Step] = []
        for (index, mount) in (config.mounts ?? []).enumerated() {
            let place = "mounts[\(index)]"
            let options = mount.options ?? []
            var mount = mount
            var isBind = mount.type == "bind" || options.contains("bind") || options.contains("rbind")
            if let point = setting.cgroupMount, !isBind, mount.isCgroup, !namespaces.has(.cgroup) {
                // Who has no cgroup namespace sees what the caller sees, and may not even mount it.
                mount.source = point
                isBind = true
            }
            let type = isBind ? "bind" : mount.type ?? "none"
            let parsed = try MountOptions(
                options, type: type, path: place + ".options", passesUnknown: true)
            let target = MountCompiler.normalized(mount.destination)
            if isBind {
                let source = try self.source(mount, parsed, at: place)
                let isFile = try isFile(source)
                let descriptor = PlanPlaces(sources: 0).source(sources.count)
                steps.append(.attachment(descriptor, target: target, isFile: isFile))
                sources.append(source)
            } else if parsed.copiesUp {
                try refuseBindOptions(mount, parsed, at: place)
                let descriptor = PlanPlaces(sources: 0).source(sources.count)
                steps.append(.attachment(descriptor, target: target, isFile: false))
                sources.append(
                    MountSource(
                        path: target, place: place, isRecursive: false,
                        adding: MountAttributes(rawValue: parsed.attributesOfNew),
                        propagation: (parsed.propagation ?? .private).rawValue, propagatesRecursively: false,
                        copiesUp: MountCompiler.data(parsed)))
            } else {
                try refuseBindOptions(mount, parsed, at: place)
                let label = try setting.modules.labelOption(config.linux?.mountLabel, type: type)
                steps.append(fileSystem(type, mount.source ?? "", target, parsed, label))
                // A read-only /dev gets its nodes and the console first.
                if target == "/dev" && parsed.flags.contains(.readOnly) {
                    late.append(.mountReadonly("/dev"))
                }
            }
        }
        // Places of sources come right behind the root's, however many there are.
        return (steps, late, sources)
    }

    private func isFile(_ source: MountSource) throws(InvalidInput) -> Bool {
        guard let isFile = setting.isFile(source.path) else {
            throw InvalidInput(
                source.place + ".source", "'\(source.path.prefix(200))': No such file or directory")
        }
        return isFile
    }

    private func source(
        _ mount: OCIConfig.Mount, _ options: MountOptions, at place: String
    ) throws(InvalidInput) -> MountSource {
        guard let path = mount.source, !path.isEmpty else {
            throw InvalidInput(place + ".source", "is missing", allowed: "the path that is bound")
        }
        return MountSource(
            path: path.utf8.first == UInt8(ascii: "/") ? path : setting.bundle + "/" + path, place: place,
            isRecursive: options.flags.contains(.recursive),
            adding: MountAttributes(rawValue: options.attributes),
            removing: MountAttributes(rawValue: options.clearedAttributes),
            addingBelow: MountAttributes(rawValue: options.recursive.set),
            removingBelow: MountAttributes(rawValue: options.recursive.cleared),
            propagation: (options.propagation ?? .private).rawValue,
            propagatesRecursively: options.propagation == nil || options.recursivePropagation,
            ids: try ids(mount, options, at: place))
    }

    private func ids(
        _ mount: OCIConfig.Mount, _ options: MountOptions, at place: String
    ) throws(InvalidInput) -> MountSource.IDs? {
        let users = mount.uidMappings ?? []
        let groups = mount.gidMappings ?? []
        guard users.isEmpty == groups.isEmpty else {
            throw InvalidInput(
                "\(place).\(users.isEmpty ? "uidMappings" : "gidMappings")",
                "is missing beside the other one", allowed: "both or none")
        }
        guard !users.isEmpty || options.idMapping != nil else { return nil }
        if users.isEmpty && !namespaces.hasOtherUsers {
            throw InvalidInput(
                place + ".options", "asks for the container's map of ids, and it has the host's",
                allowed: "a user namespace, or uidMappings and gidMappings of the mount")
        }
        return MountSource.IDs(
            users: users.isEmpty ? nil : try NamespaceChoice.map(users, at: place + ".uidMappings"),
            groups: groups.isEmpty ? nil : try NamespaceChoice.map(groups, at: place + ".gidMappings"),
            isRecursive: options.idMapping == .tree)
    }

    private func refuseBindOptions(
        _ mount: OCIConfig.Mount, _ options: MountOptions, at place: String
    ) throws(InvalidInput) {
        let hasMappings = mount.uidMappings?.isEmpty == false || mount.gidMappings?.isEmpty == false
        if hasMappings || options.idMapping != nil {
            throw InvalidInput(
                place + (hasMappings ? ".uidMappings" : ".options"), "are of a new file system",
                allowed: "a bind")
        }
    }

    private func fileSystem(
        _ type: String, _ source: String, _ target: String, _ options: MountOptions, _ label: String?
    ) -> LaunchPlan.Step {
        var attributes = MountAttributes(rawValue: options.attributesOfNew)
        if target == "/dev" { attributes.subtract([.readOnly, .noDevices]) }
        var data = MountCompiler.data(options)
        if type == "devpts" {
            // gid=5 is the group of terminals; it does not exist where few ids are mapped.
            data.removeAll { option in
                guard option.hasPrefix("gid="), let group = UInt32(option.dropFirst(4)) else { return false }
                return !setting.hasGroup(group)
            }
        }
        // Whichever of the two a configuration means: only one is left.
        let isCgroup = type == "cgroup" || type == "cgroup2"
        if isCgroup { data = [] }
        if let label { data.append(label) }
        // What is mounted, for a file system of a device; a name for others.
        if !source.isEmpty { data.insert("source=\(source)", at: 0) }
        return .mount(
            type: isCgroup ? "cgroup2" : type, target: target, options: data, attributes: attributes)
    }
}

extension OCIConfig.Mount {
    fileprivate var isCgroup: Bool { type == "cgroup" || type == "cgroup2" }
}
