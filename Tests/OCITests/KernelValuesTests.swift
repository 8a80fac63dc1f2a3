import Core
import OCI
import Testing

@Suite("Names as the kernel takes them")
struct KernelValuesTests {
    @Test("capabilities: 41 names, one bit each, both ways")
    func capabilities() throws {
        #expect(CapabilitySet.names.count == 41)
        #expect(CapabilitySet(name: "CAP_CHOWN")?.rawValue == 1)
        #expect(CapabilitySet(name: "CAP_SYS_ADMIN")?.rawValue == 1 << 21)
        #expect(CapabilitySet(name: "CAP_CHECKPOINT_RESTORE")?.rawValue == 1 << 40)
        #expect(CapabilitySet(name: "cap_chown") == nil)
        for name in CapabilitySet.names {
            #expect(CapabilitySet(name: name)?.names == [name])
        }
        // Bits of the engines' default set, as /proc/PID/status shows them in a container.
        #expect(CapabilitySet.containerDefault.rawValue == 0xa804_25fb)
        #expect(try OCIConfig.Process(args: nil, cwd: "/").capabilityMasks().bounding.isEmpty)
    }

    @Test("limits have the numbers of asm-generic/resource.h")
    func limits() throws {
        #expect(ResourceLimitKind(name: "RLIMIT_NOFILE")?.rawValue == 7)
        #expect(ResourceLimitKind(name: "RLIMIT_RTTIME")?.rawValue == 15)
        #expect(ResourceLimitKind.allCases.map(\.rawValue) == Array(0...15))
        var process = OCIConfig.Process(args: nil, cwd: "/")
        let limit = OCIConfig.ResourceLimit(type: "RLIMIT_AS", soft: 1, hard: .max)
        process.rlimits = [limit]
        let read = try #require(try process.limits().first)
        #expect(read.kind == .addressSpace && read.soft == 1 && read.hard == .max)
        process.rlimits = [limit, limit]
        #expect(throws: InvalidInput.self) { try process.limits() }
    }

    @Test("mount options: flags, the last word wins, data")
    func mountOptions() throws {
        let options = try MountOptions(
            ["ro", "nosuid", "nodev", "noexec", "relatime", "rw", "size=64k", "mode=1777"], type: "tmpfs",
            path: "o")
        #expect(options.flags == [.noSetuid, .noDevices, .noExecute, .relativeAccessTime])
        #expect(options.flags.rawValue == 2 | 4 | 8 | 1 << 21)
        #expect(options.data == ["size=64k", "mode=1777"])
        #expect(options.attributes == 2 | 4 | 8)
        let strict = try MountOptions(
            ["ro", "noatime", "strictatime", "nosymfollow"], type: "proc", path: "o")
        #expect(strict.attributes == 1 | 0x20 | 0x20_0000)
        let bind = try MountOptions(["rbind", "rslave"], type: "none", path: "o")
        #expect(bind.flags == [.bind, .recursive])
        #expect(bind.propagation == .slave)
        #expect(bind.recursivePropagation)
        let terminals = try MountOptions(
            ["newinstance", "ptmxmode=0666", "gid=5"], type: "devpts", path: "o")
        #expect(terminals.data == ["newinstance", "ptmxmode=0666", "gid=5"])
    }

    @Test(
        "mount options that are not honoured",
        arguments: [
            ("tmpfs", "size=1,uid=0"), ("tmpfs", "size="), ("proc", "size=1"), ("tmpfs", "lowerdir=/"),
            ("tmpfs", "remount"), ("sysfs", "x"), ("tmpfs", ""), ("devpts", "newinstance=1"),
        ])
    func refusedOptions(type: String, option: String) {
        let error = #expect(throws: InvalidInput.self) {
            try MountOptions(["ro", option], type: type, path: "mounts[3].options")
        }
        #expect(error?.path == "mounts[3].options[1]")
    }

    @Test("cgroup v2 settings")
    func cgroup() {
        var resources = OCIConfig.Resources()
        #expect(resources.cgroupSettings().isEmpty)
        var memory = OCIConfig.Memory()
        memory.limit = 100 << 20
        memory.swap = 150 << 20
        memory.reservation = -1
        resources.memory = memory
        var cpu = OCIConfig.CPU()
        cpu.shares = 1024
        cpu.quota = 50_000
        cpu.cpus = "0-1"
        resources.cpu = cpu
        resources.pids = OCIConfig.Pids(limit: 32)
        let files = Dictionary(
            uniqueKeysWithValues: resources.cgroupSettings().map { ($0.file, $0.value) })
        #expect(
            files == [
                "memory.max": "104857600", "memory.swap.max": "52428800", "memory.low": "max",
                "cpu.weight": "39", "cpu.max": "50000 100000", "cpuset.cpus": "0-1", "pids.max": "32",
            ])
        cpu = OCIConfig.CPU()
        cpu.quota = -1
        cpu.period = 20_000
        resources.cpu = cpu
        resources.memory = nil
        resources.pids = OCIConfig.Pids(limit: -1)
        #expect(resources.cgroupSettings().map(\.value) == ["max 20000", "max"])
    }
}
