import Core
import Glibc
import LinuxSystem
import OCI
import OCIRuntime
import Sandbox
import Testing

/// Cgroups of containers on the real hierarchy, in a corner of it that goes with the test.
@Suite(.serialized, .enabled(if: getuid() == 0, "needs root, or root in a user namespace"))
struct CgroupTests {
    private static let host = try? CgroupHost.probe()
    private static let needsWritable: Comment = "needs a cgroup v2 that the caller may write to"
    private static let canMake: Bool = {
        guard let host else { return false }
        let probe = host.mount.point + "/torpor-probe-\(getpid())"
        return mkdir(probe, 0o755) == 0 && rmdir(probe) == 0
    }()

    private let top = "torpor-oci-test-\(getpid())-\(UInt32.random(in: 0..<1_000_000))"

    private func config(_ edit: (inout OCIConfig) -> Void = { _ in }) -> OCIConfig {
        var config = OCIConfig.default(command: ["/bin/true"])
        config.linux?.resources = nil
        config.linux?.cgroupsPath = "/\(top)/inner/c1"
        edit(&config)
        return config
    }

    private func make(
        _ manager: CgroupManager = .cgroupfs, _ edit: (inout OCIConfig) -> Void = { _ in }
    ) throws -> CreatedCgroup? {
        try CgroupMaker(host: Self.host, manager: manager).make("c1", for: config(edit))
    }

    private func clean() {
        guard let host = Self.host else { return }
        try? CgroupRecord(directory: host.mount.point + "/" + top).remove()
    }

    /// A shell that stands in the cgroup.
    private func shell(_ script: String, in cgroup: ContainerCgroup) throws -> SpawnedTool {
        let enter = "echo $$ > \(cgroup.record.directory)/cgroup.procs && "
        let tool = try SpawnedTool(["sh", "-c", enter + script], input: nil, output: nil, errors: 2)
        let deadline = ContinuousClock.now + .seconds(10)
        while try !cgroup.processes().contains(tool.processID) {
            try #require(ContinuousClock.now < deadline)
            usleep(1_000)
        }
        return tool
    }

    @Test(.enabled(if: canMake, needsWritable))
    func aPathIsMadeAndRemoved() throws {
        defer { clean() }
        let created = try #require(try make())
        let record = created.cgroup.record
        #expect(record.directory.hasSuffix("/\(top)/inner/c1"))
        #expect(access(record.directory, F_OK) == 0)
        created.settle()
        try record.remove()
        #expect(access(record.directory, F_OK) != 0)
        try record.remove()
    }

    @Test(.enabled(if: canMake, needsWritable))
    func withoutAPathItIsTheContainersName() throws {
        let created = try #require(try make { $0.linux?.cgroupsPath = nil })
        defer { try? created.cgroup.remove() }
        #expect(created.cgroup.record.directory.hasSuffix("/c1"))
    }

    @Test(.enabled(if: canMake, needsWritable))
    func itsProcessesAreListedFrozenAndKilled() throws {
        defer { clean() }
        let cgroup = try #require(try make()).cgroup
        // One of them below, where the container may make cgroups of its own.
        let below = cgroup.record.directory + "/below"
        let script = "mkdir \(below); sh -c 'echo $$ > \(below)/cgroup.procs; exec sleep 60' & sleep 60"
        let tool = try shell(script, in: cgroup)
        while try cgroup.processes().count < 3 { usleep(1_000) }
        #expect(try !cgroup.isPaused())
        try cgroup.freeze()
        #expect(try cgroup.isPaused() && cgroup.text("cgroup.events").contains("frozen 1"))
        try cgroup.thaw()
        #expect(try !cgroup.isPaused())
        try cgroup.freeze()
        try cgroup.signal(SIGKILL)
        #expect(tool.wait() == 128 + SIGKILL)
        try cgroup.record.remove()
        #expect(access(cgroup.record.directory, F_OK) != 0)
    }

    @Test(.enabled(if: canMake, needsWritable))
    func aSignalReachesEveryProcess() throws {
        defer { clean() }
        let cgroup = try #require(try make()).cgroup
        let tool = try shell("trap 'exit 3' TERM; sleep 60 & wait; exit 4", in: cgroup)
        while try cgroup.processes().count < 2 { usleep(1_000) }
        try cgroup.signal(SIGTERM)
        #expect(tool.wait() == 3)
        while try !cgroup.processes().isEmpty { usleep(1_000) }
    }

    @Test(.enabled(if: canMake, needsWritable))
    func aLimitIsWritten() throws {
        defer { clean() }
        let host = try #require(Self.host)
        let offered = try File.text(host.mount.point + "/cgroup.controllers").split {
            $0 == " " || $0 == "\n"
        }
        let created = try #require(
            try make {
                var resources = OCIConfig.Resources()
                if offered.contains("hugetlb") {
                    resources.hugepageLimits = [.init(pageSize: "2MB", limit: 4 << 20)]
                }
                if offered.contains("pids") { resources.pids = .init(limit: 7) }
                resources.unified = ["cgroup.max.depth": "5"]
                $0.linux?.resources = resources
            })
        #expect(try created.cgroup.text("cgroup.max.depth") == "5\n")
        if offered.contains("hugetlb") {
            #expect(try created.cgroup.text("hugetlb.2MB.max") == "\(4 << 20)\n")
        }
        if offered.contains("pids") { #expect(try created.cgroup.text("pids.max") == "7\n") }
    }

    @Test(.enabled(if: canMake, needsWritable))
    func whatTheHostCannotEnforceIsNamedWithTheReason() throws {
        defer { clean() }
        let host = try #require(Self.host)
        let offered = try File.text(host.mount.point + "/cgroup.controllers").split {
            $0 == " " || $0 == "\n"
        }
        var resources = OCIConfig.Resources()
        var card = OCIConfig.RDMA()
        card.hcaHandles = 5
        resources.rdma = ["no_such_card": card]
        let error = #expect(throws: InvalidInput.self) { try make { $0.linux?.resources = resources } }
        #expect(error?.path == "linux.resources.rdma.no_such_card")
        if !offered.contains("rdma") {
            #expect(error?.problem.contains("does not offer the controller rdma") == true)
        }
        // Nothing of it is left, and what lifts a limit is no limit.
        #expect(access(host.mount.point + "/" + top, F_OK) != 0)
        resources.rdma = nil
        resources.hugepageLimits = [.init(pageSize: "3MB", limit: 0)]
        let page = #expect(throws: InvalidInput.self) { try make { $0.linux?.resources = resources } }
        #expect(page?.path == "linux.resources.hugepageLimits[0]")
        resources.hugepageLimits = nil
        resources.pids = .init(limit: -1)
        var memory = OCIConfig.Memory()
        memory.limit = -1
        resources.memory = memory
        #expect(try make { $0.linux?.resources = resources } != nil)
    }

    @Test func withNobodyToMakeThemThereAreNone() throws {
        #expect(try make(.disabled) == nil)
        let error = #expect(throws: InvalidInput.self) {
            try make(.disabled) {
                $0.linux?.resources = OCIConfig.Resources()
                $0.linux?.resources?.pids = .init(limit: 5)
            }
        }
        #expect(error?.path == "linux.resources.pids.limit")
    }

    @Test(.enabled(if: host?.isRootless == true && !canMake, "is about callers who may make none"))
    func whoMayMakeNoneGetsNoneUnlessALimitWasAskedFor() throws {
        #expect(try make() == nil)
        let error = #expect(throws: InvalidInput.self) {
            try make {
                $0.linux?.resources = OCIConfig.Resources()
                $0.linux?.resources?.pids = .init(limit: 5)
            }
        }
        #expect(error?.problem.contains("no cgroup can be made") == true)
    }
}
