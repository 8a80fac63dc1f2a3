import Core
import OCI
import Sandbox
import Testing

/// What single fields of a configuration become in a function's plan.
@Suite struct FieldPlanTests {
    private func steps(
        facts: HostFacts = HostFacts(), _ change: (inout OCIConfig) -> Void
    ) throws -> [LaunchPlan.Step] {
        var config = OCIConfig.default(command: ["/bin/hello"])
        change(&config)
        let id = RevisionID(function: try FunctionKey(name: "hello"), number: 3)
        return try LaunchPlanCompiler(config: config, spec: FunctionSpec(), revision: id, facts: facts)
            .compile(seccomp: Array(repeating: 6, count: 16)).steps
    }

    private func calls(_ steps: [LaunchPlan.Step]) -> [SystemCall] {
        steps.compactMap { step in
            switch step {
            case .call(let call), .processCall(let call): call
            default: nil
            }
        }
    }

    @Test func `A plain function needs no step more than its names and limits`() throws {
        #expect(calls(try steps { _ in }).map(\.name) == [.sethostname, .prlimit64])
    }

    @Test func `Scheduling and personality are calls of the process`() throws {
        let steps = try steps { config in
            config.process.scheduler = .init(policy: "SCHED_BATCH")
            config.process.scheduler?.nice = 5
            config.process.ioPriority = .init(class: "IOPRIO_CLASS_IDLE", priority: 0)
            config.linux?.personality = .init(domain: "LINUX32")
            config.domainname = "nis"
        }
        let calls = calls(steps)
        #expect(
            calls.map(\.name) == [
                .sethostname, .setdomainname, .prlimit64, .sched_setattr, .ioprio_set, .personality,
            ])
        guard case .bytes(let attributes) = calls[3].arguments[1] else {
            Issue.record("no attributes")
            return
        }
        #expect(attributes.count == 48 && attributes[0] == 48 && attributes[4] == 3 && attributes[16] == 5)
        #expect(calls[5].arguments == [.number(8)])
    }

    @Test func `Kernel parameters are written as the root that they belong to`() throws {
        let message = LaunchPlan.Step.write(
            "/proc/sys/kernel/msgmax", content: "4096", purpose: "set linux.sysctl.kernel.msgmax")
        let root = LaunchPlan.Step.becomeRoot(keepsGroups: false)
        let old = try steps { $0.linux?.sysctl = ["kernel.msgmax": "4096", "kernel.domainname": "d"] }
        #expect(old.firstIndex(of: message) == 1 && old.firstIndex(of: root) == 2)
        var facts = HostFacts()
        facts.kernel = KernelVersion(release: "6.12.3-amd64")
        let new = try steps(facts: facts) { config in
            config.linux?.sysctl = [
                "kernel.msgmax": "4096", "kernel.domainname": "d", "net.ipv4.ip_unprivileged_port_start": "0",
            ]
        }
        #expect(new.firstIndex(of: root) == 1 && new.firstIndex(of: message) == 3)
        #expect(new.count == old.count)
    }

    @Test func `Releases of the kernel have an order`() {
        #expect(KernelVersion(release: "6.1.0-18-amd64") == KernelVersion(6, 1))
        #expect(KernelVersion(release: "6.9") < KernelVersion(release: "6.18.44-fc"))
        #expect(KernelVersion(release: "unknown") == KernelVersion(0, 0))
    }

    @Test func `A time namespace has its offsets before anybody is in it`() throws {
        let steps = try steps { config in
            config.linux?.namespaces?.append(.init(.time))
            config.linux?.timeOffsets = ["monotonic": .init(secs: 60, nanosecs: nil)]
        }
        let names = calls(steps).map(\.name)
        #expect(names.prefix(4) == [.unshare, .openat, .setns, .close])
        let unshare = steps.firstIndex {
            if case .call(let call) = $0 { call.name == .unshare } else { false }
        }
        let offsets = steps.firstIndex {
            if case .write("/proc/self/timens_offsets", "monotonic 60 0\n", _) = $0 { true } else { false }
        }
        #expect(try #require(unshare) + 1 == offsets)
    }

    @Test func `Labels need a host that has the module`() throws {
        let labels: [(String, (inout OCIConfig) -> Void)] = [
            ("process.apparmorProfile", { $0.process.apparmorProfile = "web" }),
            ("process.selinuxLabel", { $0.process.selinuxLabel = "a:b:c:s0" }),
            ("linux.mountLabel", { $0.linux?.mountLabel = "a:b:c:s0" }),
        ]
        var facts = HostFacts()
        for (path, change) in labels {
            #expect { try steps(facts: facts, change) } throws: { ($0 as? InvalidInput)?.path == path }
        }
        facts.modules = SecurityModules(["apparmor", "selinux"])
        #expect(
            try steps(facts: facts, labels[0].1).contains(
                .processWrite(
                    "/proc/self/attr/apparmor/exec", content: "exec web",
                    purpose: "set process.apparmorProfile 'web'")))
        #expect(
            try steps(facts: facts, labels[1].1).contains {
                if case .processWrite("/proc/self/attr/exec", "a:b:c:s0", _) = $0 { true } else { false }
            })
        let labelled = try steps(facts: facts, labels[2].1).filter {
            if case .mount(_, _, let options, _) = $0 { options.contains("context=a:b:c:s0") } else { false }
        }
        #expect(labelled.count >= 4)
    }

    @Test func `Propagation is set once the root is the container's`() throws {
        let steps = try steps { config in
            config.linux?.rootfsPropagation = "rshared"
            config.mounts?.append(
                .init(destination: "/own/", type: "tmpfs", source: "t", options: ["unbindable"]))
        }
        let pivot = try #require(steps.firstIndex(of: .pivot))
        let mounts = steps.indices.filter {
            if case .call(let call) = steps[$0] { call.name == .mount } else { false }
        }
        #expect(mounts == [pivot + 1, pivot + 2])
        let calls = calls(steps).filter { $0.name == .mount }
        #expect(calls.map { $0.arguments[1] } == [.bytes([47, 0]), .bytes(Array("/own".utf8) + [0])])
        #expect(calls.map { $0.arguments[3] } == [.number(0x10_4000), .number(0x2_0000)])
    }

    @Test func `A filter's flags go to the kernel`() throws {
        let steps = try steps { config in
            config.linux?.seccomp = .init(defaultAction: .allow)
            config.linux?.seccomp?.flags = ["SECCOMP_FILTER_FLAG_LOG"]
        }
        #expect(steps.contains(.seccomp(Array(repeating: 6, count: 16), flags: 2)))
    }
}
