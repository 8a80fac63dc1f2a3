internal import Core
internal import Glibc
internal import LinuxSystem
internal import OCI

/// How the ids of a container are ids of the host: 0 is `first`, and so on.
struct ContainerIDs: Sendable, Hashable {
    let first: UInt32
    let counts: OCIConfig.IDCounts

    /// In the words of /proc/PID/uid_map and gid_map (user_namespaces(7)).
    var userMap: String { "0 \(first) \(counts.users)\n" }
    var groupMap: String { "0 \(first) \(counts.groups)\n" }

    var root: LaunchJob.Owner { host(LaunchJob.Owner(user: 0, group: 0)) }

    /// - Parameter owner: in the container's ids.
    func host(_ owner: LaunchJob.Owner) -> LaunchJob.Owner {
        LaunchJob.Owner(user: first + owner.user, group: first + owner.group)
    }

    /// The user namespace of a process, to show a mount through its map.
    static func namespace(of process: Int32) throws(KernelError) -> SharedFD {
        SharedFD(try File.open("/proc/\(process)/ns/user", flags: O_RDONLY))
    }
}
