internal import LinuxSystem
package import Sandbox

/// What this host offers in the way of cgroups, as the caller may use it.
package struct CgroupHost: Sendable {
    /// Where the hierarchy of cgroup v2 is.
    package let mount: CgroupMount
    /// The directory of the caller's own cgroup.
    package let own: String
    /// Whether the caller is no root, or root of a user namespace only: then it has the cgroups that it was given.
    package let isRootless: Bool
    package let userID: UInt32

    package init(mount: CgroupMount, own: String, isRootless: Bool, userID: UInt32) {
        self.mount = mount
        self.own = own
        self.isRootless = isRootless
        self.userID = userID
    }

    /// - Returns: nil where no cgroup v2 is mounted.
    package static func probe() throws -> CgroupHost? {
        let mountinfo = try File.text("/proc/self/mountinfo")
        guard let mount = CgroupMount(mountinfo: mountinfo),
            let own = CgroupLocation(mountinfo: mountinfo, membership: try File.text("/proc/self/cgroup"))
        else { return nil }
        let map = try File.text("/proc/self/uid_map").split(whereSeparator: \.isWhitespace)
        let hasEveryID = map.elementsEqual(["0", "0", "4294967295"])
        return CgroupHost(
            mount: mount, own: own.directory, isRootless: !HostIdentity.isRoot || !hasEveryID,
            userID: HostIdentity.userID)
    }
}
