import Core
import Sandbox
import Testing

@Suite struct CgroupLocationTests {
    private static let unified = """
        22 1 8:1 / / rw,relatime - ext4 /dev/root rw
        30 22 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate

        """

    @Test func `In a service of systemd`() {
        let own = CgroupLocation(mountinfo: Self.unified, membership: "0::/system.slice/torpord.service\n")
        #expect(own?.directory == "/sys/fs/cgroup/system.slice/torpord.service")
        #expect(own?.isHierarchyRoot == false)
    }

    @Test func `In the leaf that an earlier life of the daemon made`() {
        let own = CgroupLocation(
            mountinfo: Self.unified, membership: "0::/system.slice/torpord.service/supervisor\n")
        #expect(own?.directory == "/sys/fs/cgroup/system.slice/torpord.service")
    }

    @Test func `Hybrid, at the root`() {
        let mountinfo = """
            40 22 0:30 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
            41 22 0:31 / /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 cgroup rw

            """
        let own = CgroupLocation(mountinfo: mountinfo, membership: "8:pids:/x\n0::/\n")
        #expect(own?.directory == "/sys/fs/cgroup/unified")
        #expect(own?.isHierarchyRoot == true)
    }

    @Test func `A part of the hierarchy, in a place with a space`() {
        let mountinfo = "50 22 0:31 /box /mnt/a\\040b rw - cgroup2 cgroup rw\n"
        let own = CgroupLocation(mountinfo: mountinfo, membership: "0::/box/inner\n")
        #expect(own?.directory == "/mnt/a b/inner")
        #expect(own?.isHierarchyRoot == false)
        #expect(CgroupLocation(mountinfo: mountinfo, membership: "0::/other\n") == nil)
    }

    @Test func `What lies at the usual place hides the rest`() {
        let covered = """
            40 22 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
            41 22 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
            """
        #expect(CgroupLocation(mountinfo: covered, membership: "0::/a\n")?.directory == "/sys/fs/cgroup/a")
    }

    @Test func `Nothing without cgroup2`() {
        let mountinfo = "40 22 0:30 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
        #expect(CgroupLocation(mountinfo: mountinfo, membership: "8:pids:/x\n") == nil)
    }

    @Test func `A map covers the functions' range, or does not`() {
        let every = "         0          0 4294967295\n"
        let host = { (first: UInt32, users: String, groups: String) in
            IDMap.hostIDs(from: first, users: users, groups: groups)
        }
        #expect(host(200_000, every, every) == HostIDs(first: 200_000, ranges: Limits.idRanges))
        // Up to the ids of systemd's foreign files, and not into them.
        let usual: UInt32 = 1_879_048_192
        #expect(host(usual, every, every).ranges == Limits.idRanges)
        #expect(host(usual + 65_536, every, every).ranges == Limits.idRanges - 1)
        #expect(host(usual + 1, every, every).ranges == Limits.idRanges - 1)
        #expect(host(Limits.foreignIDs - 1, every, every).first == nil)
        // The last id stands for none (chown(2)).
        #expect(host(0xFFFE_0000, every, every).ranges == 1)
        #expect(host(0xFFFF_0000, every, every).ranges == 0)
        #expect(host(200_000, "0 1000 1\n", every).first == nil)
        #expect(host(1, "0 100000 65536\n", every).first == nil)
        #expect(host(0, "0 100000 65536\n", every).areShared)
        // Of each the fewer; what another line has does not count.
        let five = "0 1000 1\n1 100000 327680\n"
        #expect(host(1, five, five).ranges == 5)
        #expect(host(1, five, "0 1000 1\n1 100000 131072\n200000 9000000 999999\n").ranges == 2)
        #expect(host(0, five, five).ranges == 0)
    }
}
