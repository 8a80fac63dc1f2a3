import Glibc
import LinuxSystem
import OCI
import OCIRuntime
import Sandbox
import Testing

/// Commands for a container with a cgroup: pause, resume, ps, update.
@Suite(.serialized, .enabled(if: RuntimeFixture.isPossible, RuntimeFixture.needs))
struct ContainerPauseTests {
    private static let host = try? CgroupHost.probe()
    private static let needsWritable: Comment = "needs a cgroup v2 that the caller may write to"
    private static let canMake: Bool = {
        guard let host else { return false }
        let probe = host.mount.point + "/torpor-probe2-\(getpid())"
        return mkdir(probe, 0o755) == 0 && rmdir(probe) == 0
    }()

    private func withContainer(_ body: (RuntimeFixture, String, ContainerCgroup) throws -> Void) throws {
        let host = try #require(Self.host)
        try RuntimeFixture.with { fixture in
            let top = "torpor-oci-test-\(getpid())-\(UInt32.random(in: 0..<1_000_000))"
            try fixture.configure("sleep 1000 & sleep 1000") { $0.linux?.cgroupsPath = "/\(top)/c" }
            defer { try? CgroupRecord(directory: host.mount.point + "/" + top).remove() }
            let id = try fixture.created()
            try #require(try fixture.run(["start", id]).status == 0)
            let record = CgroupRecord(directory: host.mount.point + "/\(top)/c")
            try body(fixture, id, try ContainerCgroup(record))
            _ = try fixture.run(["delete", "--force", id])
            #expect(access(record.directory, F_OK) != 0)
        }
    }

    @Test(.enabled(if: canMake, needsWritable))
    func itStandsStillAndGoesOn() throws {
        try withContainer { fixture, id, cgroup in
            #expect(try fixture.run(["pause", id]).status == 0)
            #expect(try cgroup.text("cgroup.events").contains("frozen 1"))
            #expect(try fixture.state(id).status == "paused")
            let again = try fixture.run(["pause", id])
            #expect(again.status == 1 && again.errors.contains("is paused, not running"))
            let exec = try fixture.run(["exec", id, "true"])
            #expect(exec.status == 1 && exec.errors.contains("is paused"))
            #expect(try fixture.run(["resume", id]).status == 0)
            #expect(try fixture.state(id).status == "running")
            #expect(try fixture.run(["exec", id, "true"]).status == 0)
            let early = try fixture.run(["resume", id])
            #expect(early.status == 1 && early.errors.contains("is running, not paused"))
            // One that is paused can be killed and removed.
            #expect(try fixture.run(["pause", id]).status == 0)
        }
    }

    @Test(.enabled(if: canMake, needsWritable))
    func itsProcessesHaveTheHostsNumbers() throws {
        try withContainer { fixture, id, cgroup in
            for _ in 0..<500 where try cgroup.processes().count < 2 { usleep(10_000) }
            let numbers = try cgroup.processes()
            let pid = try fixture.state(id).pid
            #expect(numbers.contains(pid) && numbers.count >= 2)
            let table = try fixture.run(["ps", id])
            #expect(table.output == "PID\n" + numbers.map { "\($0)\n" }.joined())
            let json = try fixture.run(["ps", "--format", "json", id])
            #expect(json.output == "[" + numbers.map { "\($0)" }.joined(separator: ",") + "]\n")
        }
    }

    @Test(.enabled(if: canMake, needsWritable))
    func aFurtherProcessIsInItsCgroup() throws {
        try withContainer { fixture, id, cgroup in
            let inside = try fixture.run(["exec", id, "cat", "/proc/self/cgroup"])
            #expect(inside.output.split(separator: "\n").last == "0::/", "\(inside.errors)")
            try FileTree.makeDirectory(cgroup.record.directory + "/below")
            let below = try fixture.run(["exec", "--cgroup", "below", id, "cat", "/proc/self/cgroup"])
            #expect(below.output.split(separator: "\n").last == "0::/below", "\(below.errors)")
            let none = try fixture.run(["exec", "--cgroup", "../x", id, "true"])
            #expect(none.status == 1 && none.errors.contains("--cgroup"))
        }
    }

    @Test(.enabled(if: canMake, needsWritable))
    func limitsChangeWhileItRuns() throws {
        try withContainer { fixture, id, cgroup in
            let file = fixture.directory + "/resources.json"
            let hasPages = cgroup.controllers.contains("hugetlb")
            let pages = hasPages ? #","hugepageLimits":[{"pageSize":"2MB","limit":2097152}]"# : ""
            let text = #"{"unified":{"cgroup.max.depth":"9"}\#(pages)}"#
            try FileTree.makeFile(file, content: Array(text.utf8))
            let result = try fixture.run(["update", "--resources", file, id])
            #expect(result.status == 0, "\(result.errors)")
            #expect(try cgroup.text("cgroup.max.depth") == "9\n")
            if hasPages { #expect(try cgroup.text("hugetlb.2MB.max") == "2097152\n") }
            let limits = [
                ("pids", "--pids-limit", "linux.resources.pids.limit"),
                ("memory", "--memory", "linux.resources.memory.limit"),
                ("cpu", "--cpu-quota", "linux.resources.cpu.quota"),
            ]
            for (controller, option, field) in limits where !cgroup.controllers.contains(controller) {
                let refused = try fixture.run(["update", option, "100000", id])
                #expect(refused.status == 1 && refused.errors.contains("\(field): cannot be enforced"))
                #expect(try fixture.run(["update", option, "-1", id]).status == 0)
            }
            let old = try fixture.run(["update", "--kernel-memory", "5", id])
            #expect(old.status == 1 && old.errors.contains("cgroup v2 does not have it"))
            let unknown = try fixture.run(["update", "--l3-cache-schema", "x", id])
            #expect(unknown.status == 1 && unknown.errors.contains("--l3-cache-schema"))
        }
    }

    @Test(.enabled(if: canMake && host?.isRootless == false, "needs root of the host and cgroup v2"))
    func onlyDevicesOfItsRulesCanBeUsed() throws {
        try RuntimeFixture.with { fixture in
            try FileTree.makeDirectory(fixture.bundle + "/rootfs/out", mode: 0o777)
            let none = OCIConfig.DeviceRule(allow: false, access: "rwm")
            let log = OCIConfig.DeviceRule(allow: true, type: "c", major: 1, minor: 11, access: "w")
            let nodes = OCIConfig.DeviceRule(allow: true, type: "c", access: "m")
            for (rules, outcome) in [([none, nodes], "denied"), ([none, nodes, log], "open"), ([], "open")] {
                let script = """
                    busybox mknod /out/log c 1 11; if true 2>/dev/null >/out/log; then echo open; else echo denied; fi
                    echo >/dev/null && busybox rm /out/log
                    """
                try fixture.configure(script) {
                    $0.root.readonly = false
                    $0.linux?.resources = OCIConfig.Resources()
                    $0.linux?.resources?.devices = rules
                }
                let result = try fixture.runContainer()
                #expect(result.output == outcome + "\n" && result.status == 0, "\(rules): \(result)")
            }
        }
    }

    @Test(.enabled(if: !canMake, "is about containers without a cgroup"))
    func withoutACgroupNothingOfItIsPossible() throws {
        try RuntimeFixture.with { fixture in
            try fixture.configure(command: ["/bin/sleep", "1000"])
            let id = try fixture.created()
            try #require(try fixture.run(["start", id]).status == 0)
            for command in [["pause"], ["resume"], ["ps"], ["update", "--pids-limit", "5"]] {
                let result = try fixture.run(command + [id])
                #expect(result.status == 1 && result.errors.contains("has no cgroup"))
            }
        }
    }
}
