package import Core
package import OCI

/// When a hook runs (config.md, "POSIX-platform Hooks").
package enum HookKind: String, Sendable, CaseIterable {
    case prestart, createRuntime, createContainer, startContainer, poststart, poststop

    /// What the container's state says meanwhile.
    package var status: ContainerStatus {
        switch self {
        case .prestart, .createRuntime, .createContainer: .creating
        case .startContainer: .created
        case .poststart: .running
        case .poststop: .stopped
        }
    }

    /// Whether the hook runs in the container's namespaces, and not in the runtime's.
    package var isInside: Bool { self == .createContainer || self == .startContainer }

    /// Whether the container goes on when one fails: what is done cannot be taken back then.
    package var isForgiving: Bool { self == .poststart || self == .poststop }

    package func list(_ hooks: OCIConfig.Hooks?) -> [OCIConfig.Hook] {
        guard let hooks else { return [] }
        let list =
            switch self {
            case .prestart: hooks.prestart
            case .createRuntime: hooks.createRuntime
            case .createContainer: hooks.createContainer
            case .startContainer: hooks.startContainer
            case .poststart: hooks.poststart
            case .poststop: hooks.poststop
            }
        return list ?? []
    }
}

extension OCIConfig.Hooks {
    /// - Throws: `InvalidInput` that names the hook and what of it cannot work.
    package func check() throws(InvalidInput) {
        for kind in HookKind.allCases {
            let list = kind.list(self)
            let path = "hooks.\(kind.rawValue)"
            guard list.count <= Limits.hooks else {
                throw InvalidInput(path, "has \(list.count) entries", allowed: "at most \(Limits.hooks)")
            }
            for (index, hook) in list.enumerated() { try hook.check(at: "\(path)[\(index)]") }
        }
    }
}

extension OCIConfig.Hook {
    fileprivate func check(at place: String) throws(InvalidInput) {
        guard path.utf8.first == UInt8(ascii: "/"), path.utf8.count <= Limits.pathBytes else {
            throw InvalidInput(
                "\(place).path", "'\(path.prefix(80))' is relative", allowed: "an absolute path")
        }
        if let timeout, !(1...Limits.hookSeconds).contains(timeout) {
            throw InvalidInput(
                "\(place).timeout", "\(timeout) is out of range", allowed: "1 to \(Limits.hookSeconds) s")
        }
        let texts = [path] + (args ?? []) + (env ?? [])
        guard texts.count <= Limits.arguments + Limits.environmentVariables,
            texts.reduce(0, { $0 + $1.utf8.count + 1 }) <= Limits.argumentBytes
        else {
            throw InvalidInput(
                place, "has too many arguments and variables",
                allowed: "at most \(Limits.arguments) of each, and \(Limits.argumentBytes) bytes")
        }
        guard !texts.contains(where: { $0.utf8.contains(0) }) else {
            throw InvalidInput(place, "has a NUL character", allowed: "text without it")
        }
    }
}
