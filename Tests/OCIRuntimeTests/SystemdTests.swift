import Core
import OCI
import OCIRuntime
import Testing

/// What systemd is asked for. Its own program is not here: the words are what it would be called with.
@Suite struct SystemdTests {
    @Test(
        arguments: [
            (nil, "torpor-c1.scope", "system.slice"), ("", "torpor-c1.scope", "system.slice"),
            ("machine.slice:libpod:abc", "libpod-abc.scope", "machine.slice"),
            (":libpod:abc", "libpod-abc.scope", "system.slice"),
            ("a-b.slice::abc", "abc.scope", "a-b.slice"),
        ] as [(String?, String, String)])
    func unit(path: String?, scope: String, slice: String) throws {
        let unit = try SystemdUnit(path, id: "c1", isUser: false)
        #expect(unit.scope == scope && unit.slice == slice)
    }

    @Test(arguments: [
        "/machine/abc", "a:b", "machine.slice:x:", "machine:x:y", "a.slice:x:y/z", "-a.slice:x:y",
    ])
    func refusedUnit(path: String) {
        let error = #expect(throws: InvalidInput.self) {
            try SystemdUnit(path, id: "c1", isUser: false)
        }
        #expect(error?.path == "linux.cgroupsPath")
    }

    @Test func aUserHasAnotherSlice() throws {
        #expect(try SystemdUnit(nil, id: "c1", isUser: true).slice == "user.slice")
    }

    @Test func limitsAreProperties() {
        var resources = OCIConfig.Resources()
        var memory = OCIConfig.Memory()
        memory.limit = 1 << 20
        memory.swap = -1
        resources.memory = memory
        var cpu = OCIConfig.CPU()
        cpu.quota = 33_333
        cpu.period = 100_000
        cpu.cpus = "0-2,9"
        resources.cpu = cpu
        resources.pids = .init(limit: -1)
        resources.unified = ["memory.high": "4096", "io.weight": "default 50", "cgroup.max.depth": "3"]
        let words = SystemdProperty.of(resources.cgroupSettings()).map { [$0.name] + $0.words }
        #expect(
            words == [
                ["MemorySwapMax", "t", "18446744073709551615"], ["MemoryMax", "t", "1048576"],
                ["CPUQuotaPerSecUSec", "t", "340000"], ["CPUQuotaPeriodUSec", "t", "100000"],
                ["AllowedCPUs", "ay", "2", "7", "2"], ["TasksMax", "t", "18446744073709551615"],
                ["IOWeight", "t", "50"], ["MemoryHigh", "t", "4096"],
            ])
    }

    @Test func theCallIsWhatBusctlTakes() throws {
        let unit = try SystemdUnit("a.slice:x:y", id: "c1", isUser: false)
        let properties =
            [SystemdProperty("Delegate", true), SystemdProperty("PIDs", processes: [7])]
            + [SystemdProperty("Delegate", false)]
        let call = SystemdCgroupMaker.startArguments(unit, properties)
        #expect(
            Busctl(bus: nil).command(call) == [
                "busctl", "--system", "--timeout=30", "--quiet", "call", "--", "org.freedesktop.systemd1",
                "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "StartTransientUnit",
                "ssa(sv)a(sa(sv))", "x-y.scope", "fail", "2", "PIDs", "au", "1", "7", "Delegate", "b",
                "false", "0",
            ])
        #expect(Busctl(bus: "unix:path=/b").command([])[1] == "--address=unix:path=/b")
    }

    @Test(
        arguments: [
            ("KillSignal", "37", "KillSignal", ["i", "37"]),
            ("TimeoutStopUSec", "uint64 10000000", "TimeoutStopUSec", ["t", "10000000"]),
            ("TimeoutStopSec", "uint64 10", "TimeoutStopUSec", ["t", "10000000"]),
            ("SendSIGHUP", "true", "SendSIGHUP", ["b", "true"]),
            ("Description", "'two words'", "Description", ["s", "two words"]),
            ("After", "['a.service', \"b.service\"]", "After", ["as", "2", "a.service", "b.service"]),
        ])
    func annotations(name: String, value: String, property: String, words: [String]) throws {
        let annotations = ["org.systemd.property.\(name)": value, "other": "x"]
        let properties = try SystemdAnnotations.properties(annotations)
        #expect(properties == [SystemdProperty(property, words: words)])
    }

    @Test(arguments: ["bare", "uint64", "'a'b'", "{1: 2}", "['a', b]", ""])
    func refusedAnnotations(value: String) {
        #expect(throws: InvalidInput.self) {
            try SystemdAnnotations.properties(["org.systemd.property.Name": value])
        }
    }

    @Test func theWayDown() {
        #expect(
            CgroupControllers.parents(of: "/sys/fs/cgroup/a/b/c.scope", from: "/sys/fs/cgroup") == [
                "/sys/fs/cgroup", "/sys/fs/cgroup/a", "/sys/fs/cgroup/a/b",
            ])
    }
}
