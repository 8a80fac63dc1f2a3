internal import Core

/// The part of `HonouredFields` about namespaces: an instance always has its own of every kind, of time when it asks for it.
enum HonouredNamespaces {
    /// Asking for fewer would give the function something of the host's. The cgroup and user namespaces are left out by
    /// what the engines generate, and having them takes nothing away, so they need not be named.
    private static let required: [OCIConfig.NamespaceKind] = [.pid, .network, .mount, .ipc, .uts]
    static let needed = required.map(\.rawValue).joined(separator: ", ")

    static func check(_ linux: OCIConfig.Linux) throws(InvalidInput) {
        let asked = linux.namespaces ?? []
        for (index, namespace) in asked.enumerated() {
            let path = "linux.namespaces[\(index)]"
            try HonouredFields.refuse(
                path + ".path", namespace.path?.isEmpty == false, "no existing namespace is joined")
        }
        for kind in required where !asked.contains(where: { $0.type == kind }) {
            throw InvalidInput(
                "linux.namespaces", "\(kind.rawValue) is not in it, which asks for the host's own",
                allowed: "at least \(needed)")
        }
        try checkMappings(linux)
    }

    /// Which ids there are inside is the configuration's to say; which ids of the host they are is not, whatever `hostID`
    /// says: they are the function's own.
    private static func checkMappings(_ linux: OCIConfig.Linux) throws(InvalidInput) {
        let lists = [("uidMappings", linux.uidMappings ?? []), ("gidMappings", linux.gidMappings ?? [])]
        if lists.allSatisfy({ $0.1.isEmpty }) { return }
        for (name, list) in lists {
            let isOne =
                list.count == 1 && list[0].containerID == 0
                && (1...Limits.containerIDs).contains(list[0].size)
            try HonouredFields.refuse(
                "linux.\(name)", !isOne, "a function's ids are one range that begins with 0",
                allowed: "in both lists one entry, of containerID 0 and a size of 1 to \(Limits.containerIDs)"
            )
        }
    }
}
