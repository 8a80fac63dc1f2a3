import Core
import OCI
import Sandbox
import Testing

@Suite struct PlanCompilerTests {
    private static let filter: [UInt8] = Array(repeating: 6, count: 16)

    private func compile(
        _ config: OCIConfig = .default(command: ["/bin/hello"]), spec: FunctionSpec = FunctionSpec(),
        facts: HostFacts = HostFacts()
    ) throws -> [LaunchPlan.Step] {
        let id = RevisionID(function: try FunctionKey(name: "hello"), number: 3)
        return try LaunchPlanCompiler(config: config, spec: spec, revision: id, facts: facts)
            .compile(seccomp: Self.filter).steps
    }

    private func index(_ steps: [LaunchPlan.Step], _ isIt: (LaunchPlan.Step) -> Bool) throws -> Int {
        let found = steps.firstIndex(where: isIt)
        return try #require(found)
    }

    @Test func `The order is the one that works`() throws {
        let steps = try compile()
        #expect(steps[0] == .becomeRoot(keepsGroups: false))
        #expect(steps[1] == .root(.root, at: "/root"))
        let proc = try index(steps) { if case .mount("proc", _, _, _) = $0 { true } else { false } }
        let mask = try index(steps) { if case .mask = $0 { true } else { false } }
        let mounts = steps.indices.filter { place in
            if case .mount = steps[place] { true } else if case .attach = steps[place] { true } else { false }
        }
        let lastMount = try #require(mounts.last)
        let readonly = try index(steps) { $0 == .rootReadonly }
        let pivot = try index(steps) { $0 == .pivot }
        #expect(proc < mask && lastMount < mask && mask < readonly && readonly < pivot)
        let privileges = try index(steps) { $0 == .noNewPrivileges }
        let seccomp = try index(steps) { $0 == .seccomp(Self.filter) }
        #expect(pivot < privileges && privileges < seccomp && seccomp == steps.count - 2)
        #expect(steps.last == .start)
    }

    @Test func `In mode exec the plan ends with a process that is ready to be started`() throws {
        var spec = FunctionSpec()
        spec.mode = .exec
        let steps = try compile(OCIConfig.default(command: ["/bin/hello"]), spec: spec)
        #expect(steps.last == .ready)
        #expect(!steps.contains(.start))
    }

    @Test func `Default file systems are there even where the configuration leaves them out`() throws {
        var config = OCIConfig.default(command: ["/bin/hello"])
        config.mounts = [.init(destination: "/dev/shm", type: "tmpfs", source: "shm", options: ["size=1m"])]
        let targets = try compile(config).compactMap { step -> String? in
            switch step {
            case .mount(_, let target, _, _), .attach(_, let target, _): target
            case .bind(_, let target, _) where target == "/dev": target
            default: nil
            }
        }
        #expect(
            Set(targets) == [
                "/proc", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/sys", "/sys/fs/cgroup",
            ])
        let devices = try #require(targets.firstIndex(of: "/dev"))
        let shared = try #require(targets.firstIndex(of: "/dev/shm"))
        #expect(devices < shared)
        #expect(targets.filter { $0 == "/dev/shm" }.count == 1)
    }

    @Test func `A /dev that is read-only is shared, one that is not is the container's own`() throws {
        var config = OCIConfig.default(command: ["/bin/hello"])
        let place = try #require(config.mounts?.firstIndex { $0.destination == "/dev" })
        #expect(
            try compile(config).contains { if case .bind("/devices", "/dev", _) = $0 { true } else { false } }
        )
        var writable = config
        writable.mounts?[place].options?.removeAll { $0 == "ro" }
        #expect(
            !(try compile(writable)).contains { if case .bind("/devices", _, _) = $0 { true } else { false } }
        )
        var facts = HostFacts()
        facts.hasDeviceTree = false
        let own = try compile(config, facts: facts)
        #expect(own.contains { if case .bind("/dev/null", "/dev/null", _) = $0 { true } else { false } })
        let sealed = try index(own) { $0 == .mountReadonly("/dev") }
        let last = try index(own) { if case .mount(_, "/dev/mqueue", _, _) = $0 { true } else { false } }
        #expect(last < sealed)
        #expect(!(try compile(writable, facts: facts)).contains(.mountReadonly("/dev")))
        config.mounts?.append(.init(destination: "/dev/extra", type: "tmpfs", source: "x", options: []))
        #expect(
            !(try compile(config)).contains { if case .bind("/devices", _, _) = $0 { true } else { false } })
    }

    @Test func `Without a range of ids, what needs one is refused or left out`() throws {
        var facts = HostFacts()
        facts.isRootless = true
        var config = OCIConfig.default(command: ["/bin/hello"])
        let steps = try compile(config, facts: facts)
        #expect(steps[0] == .becomeRoot(keepsGroups: true))
        #expect(steps.contains(.keepGroups))
        #expect(
            !steps.contains {
                if case .mount("devpts", _, let options, _) = $0 { options.contains("gid=5") } else { false }
            })
        config.process.user = .init(uid: 1000, gid: 0)
        #expect(throws: InvalidInput.self) { try compile(config, facts: facts) }
        config.process.user = .init(uid: 65_536, gid: 0)
        #expect { try compile(config) } throws: { ($0 as? InvalidInput)?.path == "process.user.uid" }
    }

    @Test func `The function's own command and variables win`() throws {
        var config = OCIConfig.default(command: ["/bin/other"])
        config.process.env = ["A=config", "B=config", "TORPOR_REVISION=forged"]
        var spec = FunctionSpec()
        spec.command = ["/bin/mine", "x"]
        spec.environment = ["A": "spec"]
        let steps = try compile(config, spec: spec)
        #expect(steps.contains(.arguments(["/bin/mine", "x"])))
        let environment = try #require(
            steps.compactMap { step -> [String]? in
                if case .environment(let variables) = step { variables } else { nil }
            }.first)
        #expect(environment.contains("A=spec") && !environment.contains("A=config"))
        #expect(environment.contains("B=config"))
        #expect(environment.filter { $0.hasPrefix("TORPOR_REVISION=") } == ["TORPOR_REVISION=hello-00003"])
        #expect(Set(environment.map { $0.prefix { $0 != "=" } }).count == environment.count)
    }

    @Test func `Paths and variables are bytes`() throws {
        var config = OCIConfig.default(command: ["/bin/hello"])
        config.mounts?.append(
            .init(destination: "/a//\u{301}b/", type: "tmpfs", source: "x", options: []))
        config.process.env = ["EQUALS==\u{301}x"]
        let steps = try compile(config)
        #expect(
            steps.contains {
                guard case .mount("tmpfs", let target, _, _) = $0 else { return false }
                return target.utf8.elementsEqual("/a/\u{301}b".utf8)
            })
        #expect(
            steps.contains {
                guard case .environment(let variables) = $0 else { return false }
                return variables.contains { $0.utf8.elementsEqual("EQUALS==\u{301}x".utf8) }
            })
        config.mounts?.append(
            .init(destination: "/a/\u{301}/../..", type: "tmpfs", source: "x", options: []))
        let hostile = try config.serialised()
        #expect(throws: InvalidInput.self) { try OCIConfig.parse(hostile) }
    }

    @Test func `Limits over the daemon's own are refused`() throws {
        var facts = HostFacts()
        facts.hardLimits = [.openFiles: 4096, .core: 0]
        var config = OCIConfig.default(command: ["/bin/hello"])
        #expect(try compile(config, facts: facts).contains(.limit(.openFiles, soft: 1024, hard: 4096)))
        for (name, most) in [("RLIMIT_NOFILE", UInt64(4096)), ("RLIMIT_CORE", 0)] {
            config.process.rlimits = [.init(type: name, soft: 0, hard: most + 1)]
            #expect { try compile(config, facts: facts) } throws: {
                ($0 as? InvalidInput)?.path == "process.rlimits[0].hard"
            }
            config.process.rlimits = [.init(type: name, soft: 0, hard: most)]
            _ = try compile(config, facts: facts)
        }
        config.process.rlimits = [.init(type: "RLIMIT_CPU", soft: 10, hard: .max)]
        _ = try compile(config, facts: facts)
    }

    @Test func `An oom_score_adj under the daemon's own is refused`() throws {
        var facts = HostFacts()
        facts.oomScore = -500
        var config = OCIConfig.default(command: ["/bin/hello"])
        config.process.oomScoreAdj = -500
        #expect(
            try compile(config, facts: facts).contains(.write("/proc/self/oom_score_adj", content: "-500")))
        config.process.oomScoreAdj = -501
        #expect { try compile(config, facts: facts) } throws: {
            ($0 as? InvalidInput)?.path == "process.oomScoreAdj"
        }
    }

    @Test func `The instance's id is the only thing that changes from launch to launch`() throws {
        let plan = try EncodedPlan(LaunchPlan(steps: try compile()))
        let first = plan.bytes(for: try #require(InstanceID("0123456789ab")))
        let second = plan.bytes(for: try #require(InstanceID("ba9876543210")))
        #expect(first.count == second.count && plan.instanceOffsets.count == 1)
        let offset = plan.instanceOffsets[0]
        #expect(String(decoding: first[offset..<offset + 12], as: UTF8.self) == "0123456789ab")
        #expect(String(decoding: first[offset - 16..<offset], as: UTF8.self) == "TORPOR_INSTANCE=")
        #expect(
            zip(first, second).enumerated().allSatisfy { index, pair in
                pair.0 == pair.1 || (offset..<offset + 12).contains(index)
            })
    }
}
