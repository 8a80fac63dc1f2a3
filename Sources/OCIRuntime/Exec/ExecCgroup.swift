internal import Core
internal import LinuxSystem
internal import Sandbox

/// Where a further process of a container is born.
enum ExecCgroup {
    /// Where the container's first process is now, which it may have left for one below: where a cgroup has such with
    /// controllers, no process can be in itself.
    /// - Parameter path: of one below the container's own, instead.
    static func open(
        _ record: CgroupRecord, path: String?, of process: ProcessIdentity
    ) throws -> ContainerCgroup {
        if let path {
            let names = path.split(separator: "/")
            guard !names.isEmpty, !names.contains(where: { $0 == "." || $0 == ".." }) else {
                throw InvalidInput(
                    "--cgroup", "'\(path.prefix(80))' is no path", allowed: "one without '..'")
            }
            do {
                return try ContainerCgroup(
                    CgroupRecord(directory: record.directory + "/" + names.joined(separator: "/")))
            } catch {
                throw InvalidInput("--cgroup", "'\(path.prefix(80))' cannot be used: \(error)")
            }
        }
        let present = CgroupLocation(
            mountinfo: try File.text("/proc/self/mountinfo"),
            membership: try File.text("/proc/\(process.pid)/cgroup"))?.directory
        if let present, present.hasPrefix(record.directory + "/") {
            return try ContainerCgroup(CgroupRecord(directory: present))
        }
        return try ContainerCgroup(record)
    }
}
