internal import Core
internal import OCI

/// In what a further process differs from the container's own.
package struct ProcessChanges: Sendable {
    package var terminal = false
    package var cwd: String?
    /// `NAME=value` each; they take the place of those of the same names.
    package var environment: [String] = []
    /// `UID[:GID]`.
    package var user: String?
    package var groups: [UInt32] = []
    /// Names of capabilities that it has besides.
    package var capabilities: [String] = []
    package var noNewPrivileges = false
    package var apparmorProfile: String?
    package var selinuxLabel: String?

    package init() {}

    func applied(to own: OCIConfig.Process) throws(InvalidInput) -> OCIConfig.Process {
        var process = own
        process.terminal = terminal
        process.consoleSize = nil
        if let cwd { process.cwd = cwd }
        process.env = Self.merged(own.env ?? [], environment)
        if let user { process.user = try Self.parse(user, umask: own.user?.umask) }
        if !groups.isEmpty {
            var user = process.user ?? OCIConfig.User()
            user.additionalGids = (user.additionalGids ?? []) + groups
            process.user = user
        }
        if !capabilities.isEmpty {
            process.capabilities = try Self.adding(capabilities, to: own.capabilities)
        }
        if noNewPrivileges { process.noNewPrivileges = true }
        if let apparmorProfile { process.apparmorProfile = apparmorProfile }
        if let selinuxLabel { process.selinuxLabel = selinuxLabel }
        return process
    }

    private static func merged(_ own: [String], _ more: [String]) -> [String] {
        func name(_ variable: String) -> [UInt8] { Array(variable.utf8.prefix { $0 != UInt8(ascii: "=") }) }
        let names = Set(more.map(name))
        return own.filter { !names.contains(name($0)) } + more
    }

    /// The user's groups are those that are named, not those of the container's own user.
    private static func parse(_ text: String, umask: UInt32?) throws(InvalidInput) -> OCIConfig.User {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let uid = UInt32(parts[0]),
            let gid = parts.count == 2 ? UInt32(parts[1]) : 0
        else {
            throw InvalidInput(
                "--user", "'\(text.prefix(40))' is none", allowed: "UID or UID:GID, as numbers")
        }
        var user = OCIConfig.User(uid: uid, gid: gid)
        user.umask = umask
        return user
    }

    private static func adding(
        _ names: [String], to own: OCIConfig.Capabilities?
    ) throws(InvalidInput) -> OCIConfig.Capabilities {
        let names = names.map { name in
            let upper = name.uppercased()
            return upper.hasPrefix("CAP_") ? upper : "CAP_" + upper
        }
        _ = try CapabilitySet(names: names, path: "--cap")
        var result = own ?? OCIConfig.Capabilities()
        result.bounding = (result.bounding ?? []) + names
        result.effective = (result.effective ?? []) + names
        result.permitted = (result.permitted ?? []) + names
        result.inheritable = (result.inheritable ?? []) + names
        result.ambient = (result.ambient ?? []) + names
        return result
    }
}
