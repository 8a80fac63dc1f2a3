internal import Core

/// The part of `HonouredFields` about `linux`.
enum HonouredLinux {
    static func check(_ linux: OCIConfig.Linux) throws(InvalidInput) {
        try HonouredNamespaces.check(linux)
        try checkParameters(linux)
        try refuse(
            "linux.netDevices", linux.netDevices?.isEmpty == false, "no interface of the host is moved in")
        try refuse(
            "linux.cgroupsPath", linux.cgroupsPath?.isEmpty == false,
            "every instance has a cgroup of its own below the daemon's")
        try refuse("linux.intelRdt", linux.intelRdt != nil, "cache and bandwidth classes are not set")
        try refuse("linux.memoryPolicy", linux.memoryPolicy != nil, "the memory policy is the host's")
        for (index, device) in (linux.devices ?? []).enumerated() {
            if DefaultDevice.isOne(device) { continue }
            let path = "linux.devices[\(index)]"
            // Whether the host allows it is for the host to say, later.
            try TextRule.path(device.path, at: path + ".path", absolute: true)
            try refuse(
                path + ".path", !device.path.hasPrefix("/dev/"), "devices are in /dev",
                allowed: "a path below /dev")
            try refuse(
                path + ".type", !["c", "u", "b"].contains(device.type), "it is no device",
                allowed: "c, u or b")
        }
        if let seccomp = linux.seccomp { try check(seccomp) }
        if var resources = linux.resources {
            let named = linux.devices ?? []
            // Who has the node may use it.
            resources.devices?.removeAll { rule in
                rule.allow
                    && named.contains {
                        ($0.type == "u" ? "c" : $0.type, $0.major, $0.minor) == (
                            rule.type, rule.major, rule.minor
                        )
                    }
            }
            try HonouredResources.check(resources)
        }
    }

    private static func refuse(
        _ path: String, _ asked: Bool, _ reason: String, allowed: String = "leave it out"
    ) throws(InvalidInput) {
        try HonouredFields.refuse(path, asked, reason, allowed: allowed)
    }

    private static func check(_ seccomp: OCIConfig.Seccomp) throws(InvalidInput) {
        let reason = "no listener takes notifications"
        try refuse("linux.seccomp.listenerPath", seccomp.listenerPath?.isEmpty == false, reason)
        try refuse("linux.seccomp.listenerMetadata", seccomp.listenerMetadata?.isEmpty == false, reason)
        try refuse(
            "linux.seccomp.defaultAction", seccomp.defaultAction == .notify, reason, allowed: "another")
        for (index, rule) in (seccomp.syscalls ?? []).enumerated() {
            try refuse(
                "linux.seccomp.syscalls[\(index)].action", rule.action == .notify, reason, allowed: "another")
        }
    }

    /// What the slots have anyway (net.*), which are other functions' later: those values may be asked for.
    private static let ofSlots = [
        "net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": "0 2147483647",
    ]

    private static func checkParameters(_ linux: OCIConfig.Linux) throws(InvalidInput) {
        for parameter in try Sysctl.all(linux.sysctl) {
            try refuse(
                "linux.sysctl.\(parameter.name)",
                parameter.namespace == .network && ofSlots[parameter.name] != parameter.value,
                "the network namespace is used again by other functions")
            try refuse(
                "linux.sysctl.\(parameter.name)", parameter.path == "kernel/hostname",
                "it has a key of its own", allowed: "hostname")
        }
    }
}
