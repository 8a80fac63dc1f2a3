package import Core
package import OCI

/// Which namespaces a container has of its own, which of others it joins, and which it shares with the host. Pure.
package struct NamespaceChoice: Sendable, Hashable {
    /// Of namespaces(7).
    package struct Kinds: OptionSet, Sendable, Hashable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        package static let time = Kinds(rawValue: 0x80)
        package static let mount = Kinds(rawValue: 0x2_0000)
        package static let cgroup = Kinds(rawValue: 0x200_0000)
        package static let uts = Kinds(rawValue: 0x400_0000)
        package static let ipc = Kinds(rawValue: 0x800_0000)
        package static let user = Kinds(rawValue: 0x1000_0000)
        package static let pid = Kinds(rawValue: 0x2000_0000)
        package static let network = Kinds(rawValue: 0x4000_0000)
    }

    package struct Joined: Sendable, Hashable {
        package let kind: Kinds
        package let path: String
        /// Where it stands in the configuration.
        package let place: String
    }

    package private(set) var new: Kinds = []
    package private(set) var joined: [Joined] = []
    /// The namespace of users that is joined; the others are in `joined`.
    package private(set) var joinedUser: Joined?
    /// Lines of uid_map and gid_map for a new user namespace.
    package private(set) var userMap: String?
    package private(set) var groupMap: String?

    /// - Throws: `InvalidInput` for a new user namespace without ids, and ids without one.
    package init(_ linux: OCIConfig.Linux?) throws(InvalidInput) {
        for (index, namespace) in (linux?.namespaces ?? []).enumerated() {
            let kind = Self.kind(namespace.type)
            let place = "linux.namespaces[\(index)].path"
            guard let path = namespace.path, !path.isEmpty else {
                new.insert(kind)
                continue
            }
            guard path.utf8.first == UInt8(ascii: "/") else {
                throw InvalidInput(place, "'\(path.prefix(80))' is relative", allowed: "an absolute path")
            }
            let entry = Joined(kind: kind, path: path, place: place)
            if kind == .user { joinedUser = entry } else { joined.append(entry) }
        }
        try readMaps(linux)
    }

    private mutating func readMaps(_ linux: OCIConfig.Linux?) throws(InvalidInput) {
        let users = linux?.uidMappings ?? []
        let groups = linux?.gidMappings ?? []
        guard new.contains(.user) else {
            if joinedUser == nil, !users.isEmpty || !groups.isEmpty {
                throw InvalidInput(
                    users.isEmpty ? "linux.gidMappings" : "linux.uidMappings",
                    "needs a user namespace", allowed: "{\"type\": \"user\"} in linux.namespaces")
            }
            return
        }
        userMap = try Self.map(users, at: "linux.uidMappings")
        groupMap = try Self.map(groups, at: "linux.gidMappings")
    }

    /// Lines of uid_map or gid_map.
    static func map(_ list: [OCIConfig.IDMapping], at path: String) throws(InvalidInput) -> String {
        guard !list.isEmpty else {
            throw InvalidInput(
                path, "is empty, but there is a new user namespace", allowed: "a range at least")
        }
        guard list.count <= Limits.idMapLines else {
            throw InvalidInput(path, "has \(list.count) entries", allowed: "at most \(Limits.idMapLines)")
        }
        return list.map { "\($0.containerID) \($0.hostID) \($0.size)\n" }.joined()
    }

    private static func kind(_ kind: OCIConfig.NamespaceKind) -> Kinds {
        switch kind {
        case .pid: .pid
        case .network: .network
        case .mount: .mount
        case .ipc: .ipc
        case .uts: .uts
        case .user: .user
        case .cgroup: .cgroup
        case .time: .time
        }
    }

    /// Whether the container's processes have ids of another user namespace than the runtime's.
    package var hasOtherUsers: Bool { new.contains(.user) || joinedUser != nil }

    /// Whether the container has a namespace of the kind that is not the caller's.
    package func has(_ kind: Kinds) -> Bool { new.contains(kind) || joins(kind) }

    package func joins(_ kind: Kinds) -> Bool { joined.contains { $0.kind == kind } }
}
