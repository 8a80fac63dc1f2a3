package import Core

/// What of a configuration a deployed function gets. Whatever would change its behaviour and is not honoured is refused
/// by name; nothing is ignored. Values that ask for nothing (an empty list, a default that the engines always write)
/// are accepted.
package enum HonouredFields {
    /// - Throws: `InvalidInput` with the key, the reason, and what to write instead.
    package static func check(_ config: OCIConfig) throws(InvalidInput) {
        try check(config.process)
        try check(config.hooks)
        for (index, mount) in (config.mounts ?? []).enumerated() {
            try check(mount, at: "mounts[\(index)]")
        }
        try checkPlaces(config.mounts ?? [])
        guard let linux = config.linux else {
            throw InvalidInput(
                "linux.namespaces", "is missing, which asks for the host's own namespaces",
                allowed: "at least \(HonouredNamespaces.needed)")
        }
        try HonouredLinux.check(linux)
    }

    static func refuse(
        _ path: String, _ asked: Bool, _ reason: String, allowed: String = "leave it out"
    ) throws(InvalidInput) {
        if asked { throw InvalidInput(path, "is not honoured: \(reason)", allowed: allowed) }
    }

    private static func check(_ process: OCIConfig.Process) throws(InvalidInput) {
        guard process.args != nil else {
            throw InvalidInput("process.args", "is missing", allowed: "the program and its arguments")
        }
        try refuse(
            "process.terminal", process.terminal == true, "a function's output goes to its log",
            allowed: "false")
        try refuse(
            "process.scheduler", process.scheduler?.needsNoPrivilege == false,
            "it would take processor time from the host and other functions",
            allowed: "SCHED_OTHER, SCHED_BATCH or SCHED_IDLE with a nice of 0 to 19, and limits.cpu")
        try refuse(
            "process.ioPriority", process.ioPriority?.needsNoPrivilege == false,
            "it would come before the host and other functions",
            allowed: "IOPRIO_CLASS_BE or IOPRIO_CLASS_IDLE")
        try refuse(
            "process.execCPUAffinity", process.execCPUAffinity != nil,
            "further processes run where the function does", allowed: "linux.resources.cpu.cpus")
    }

    private static func check(_ hooks: OCIConfig.Hooks?) throws(InvalidInput) {
        guard let hooks else { return }
        let all = [
            ("prestart", hooks.prestart), ("createRuntime", hooks.createRuntime),
            ("createContainer", hooks.createContainer), ("startContainer", hooks.startContainer),
            ("poststart", hooks.poststart), ("poststop", hooks.poststop),
        ]
        for (name, list) in all {
            try refuse("hooks.\(name)", list?.isEmpty == false, "no program of the bundle runs on the host")
        }
    }

    private static func checkPlaces(_ mounts: [OCIConfig.Mount]) throws(InvalidInput) {
        var hasSystem = false
        for (index, mount) in mounts.enumerated() {
            let parts = mount.destination.utf8.split(separator: UInt8(ascii: "/"))
                .filter { !$0.elementsEqual(".".utf8) }
            try refuse(
                "mounts[\(index)].destination", parts.isEmpty, "the root is the function's root filesystem",
                allowed: "a path below /")
            guard mount.type == "sysfs" else { continue }
            let isSystem = parts.count == 1 && parts[0].elementsEqual("sys".utf8)
            try refuse(
                "mounts[\(index)]", hasSystem || !isSystem, "there is one sysfs, at /sys",
                allowed: "one sysfs at /sys")
            hasSystem = true
        }
    }

    private static let filesystems: Set<String> = [
        "proc", "sysfs", "tmpfs", "devpts", "mqueue", "cgroup", "cgroup2",
    ]

    private static func check(_ mount: OCIConfig.Mount, at path: String) throws(InvalidInput) {
        let type = mount.type ?? "none"
        let options = mount.options ?? []
        if mount.isBind { return try checkBind(mount, at: path) }
        guard filesystems.contains(type) else {
            throw InvalidInput(
                path + ".type", "'\(type.prefix(40))' is not honoured",
                allowed: "one of " + filesystems.sorted().joined(separator: ", "))
        }
        let mappings = (mount.uidMappings ?? []) + (mount.gidMappings ?? [])
        try refuse(path + ".uidMappings", !mappings.isEmpty, "ids are mapped by the function's own range")
        let parsed = try MountOptions(options, type: type, path: path + ".options")
        try refuse(
            path + ".options", parsed.copiesUp,
            "tmpcopyup: the root filesystem below can be written as it is",
            allowed: "leave the mount out, or root.readonly false")
        try refuse(
            path + ".options", parsed.idMapping != nil, "ids are mapped by the function's own range")
    }

    /// Whether the host allows the source is for the host to say, later.
    private static func checkBind(_ mount: OCIConfig.Mount, at path: String) throws(InvalidInput) {
        guard let source = mount.source, !source.isEmpty else {
            throw InvalidInput(path + ".source", "is missing", allowed: "the path that is bound")
        }
        try TextRule.path(source, at: path + ".source", absolute: true)
        let mappings = (mount.uidMappings ?? []) + (mount.gidMappings ?? [])
        let parsed = try MountOptions(mount.options ?? [], type: "bind", path: path + ".options")
        try refuse(
            path + (mappings.isEmpty ? ".options" : ".uidMappings"),
            !mappings.isEmpty || parsed.idMapping != nil, "ids are mapped by the function's own range")
        let shared = parsed.propagation == .shared || parsed.propagation == .unbindable
        try refuse(
            path + ".options", shared, "nothing that a function mounts travels to the host",
            allowed: "private or slave")
    }
}
