package import Core

/// A kernel parameter that belongs to a namespace, as `linux.sysctl` names it.
package struct Sysctl: Sendable, Hashable {
    /// As the configuration has it.
    package let name: String
    package let value: String
    /// The namespace whose processes it holds for.
    package let namespace: OCIConfig.NamespaceKind

    /// - Throws: `InvalidInput` for one that would change the host.
    package init(name: String, value: String) throws(InvalidInput) {
        let key = "linux.sysctl.\(name.prefix(80))"
        try TextRule.noNUL(value, at: key)
        try TextRule.count(value.utf8.count, at: key, most: Limits.sysctlBytes)
        let path = Self.path(of: name)
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard name.utf8.count <= Limits.sysctlBytes, !name.utf8.contains(0),
            parts.allSatisfy({ !["", ".", ".."].contains($0) })
        else { throw InvalidInput(key, "is no kernel parameter", allowed: "such as kernel.msgmax") }
        guard let namespace = Self.namespace(of: path) else {
            throw InvalidInput(
                key, "is not honoured: it belongs to no namespace, and would change the host",
                allowed: "kernel.msg*, kernel.sem, kernel.shm*, kernel.domainname, fs.mqueue.*, net.*")
        }
        self.name = name
        self.value = value
        self.namespace = namespace
    }

    /// Below /proc/sys.
    package var path: String { Self.path(of: name) }

    /// As sysctl(8) reads names: what separates first separates always, and stands for the other one inside a part
    /// (`net.ipv4.conf.eth0/100.rp_filter`).
    private static func path(of name: String) -> String {
        guard name.first(where: { $0 == "." || $0 == "/" }) == "." else { return name }
        return String(name.map { $0 == "." ? "/" : $0 == "/" ? "." : $0 })
    }

    private static let ofIPC: Set<String> = [
        "kernel/msgmax", "kernel/msgmnb", "kernel/msgmni", "kernel/sem", "kernel/shmall", "kernel/shmmax",
        "kernel/shmmni", "kernel/shm_rmid_forced",
    ]

    private static func namespace(of path: String) -> OCIConfig.NamespaceKind? {
        if ofIPC.contains(path) || path.hasPrefix("fs/mqueue/") { return .ipc }
        if path.hasPrefix("net/") { return .network }
        return path == "kernel/domainname" || path == "kernel/hostname" ? .uts : nil
    }

    /// Of a configuration, in the order of their names.
    package static func all(_ parameters: [String: String]?) throws(InvalidInput) -> [Sysctl] {
        let parameters = parameters ?? [:]
        try TextRule.count(parameters.count, at: "linux.sysctl", most: Limits.sysctls)
        var all: [Sysctl] = []
        for (name, value) in parameters.sorted(by: { $0.key < $1.key }) {
            all.append(try Sysctl(name: name, value: value))
        }
        return all
    }
}
