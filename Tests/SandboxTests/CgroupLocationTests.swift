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

    @Test func `Nothing without cgroup2`() {
        let mountinfo = "40 22 0:30 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
        #expect(CgroupLocation(mountinfo: mountinfo, membership: "8:pids:/x\n") == nil)
    }

    @Test func `A map covers the functions' range, or does not`() {
        #expect(IDMap.covers(map: "         0          0 4294967295\n", first: 200_000))
        #expect(!IDMap.covers(map: "0 1000 1\n", first: 200_000))
        #expect(!IDMap.covers(map: "0 100000 65536\n", first: 1))
        #expect(IDMap.covers(map: "0 100000 65536\n", first: 0))
    }
}
