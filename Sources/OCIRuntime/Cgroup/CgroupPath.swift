package import Core

/// Where `linux.cgroupsPath` leads in the hierarchy (config-linux.md, "Cgroups Path"). Pure.
package struct CgroupPath: Hashable {
    /// Names from the mount point down to the container's cgroup, at least one.
    package let components: [String]
    /// Whether the configuration says nothing, and the place is the runtime's choice.
    package let isDefault: Bool

    /// With or without a slash before it, a path begins at the mount point, as in other runtimes.
    /// - Parameter id: the container's, which names its cgroup where nothing else does.
    package init(_ path: String?, id: String) throws(InvalidInput) {
        guard let path, !path.isEmpty else {
            components = [id]
            isDefault = true
            return
        }
        let parts = path.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        let key = "linux.cgroupsPath"
        guard !parts.isEmpty, path.utf8.count <= Limits.pathBytes, !path.utf8.contains(0) else {
            throw InvalidInput(key, "'\(path.prefix(80))' names no cgroup", allowed: "a path below the root")
        }
        for part in parts {
            // What begins like a controller's file may be one, and kernels add some.
            guard part != ".", part != "..", part.utf8.count <= 255, !part.hasPrefix("cgroup.") else {
                throw InvalidInput(
                    key, "'\(part.prefix(80))' is no name of a cgroup", allowed: "a path without '.' and '..'"
                )
            }
        }
        components = parts
        isDefault = false
    }
}
