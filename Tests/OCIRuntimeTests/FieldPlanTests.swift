import Core
import LinuxSystem
import OCI
import OCIRuntime
import Sandbox
import Testing

/// What single fields of a configuration become in a container's plan.
@Suite struct FieldPlanTests {
    private func compile(
        _ edit: (inout OCIConfig) -> Void,
        setting change: (inout ContainerPlanCompiler.Setting) -> Void = { _ in }
    ) throws -> ContainerPlan {
        var config = OCIConfig.default(command: ["/bin/sh"])
        edit(&config)
        var setting = ContainerPlanCompiler.Setting(
            bundle: "/b", rootfs: "/b/rootfs", kernel: KernelVersion(6, 1), modules: SecurityModules([]))
        setting.isFile = { _ in false }
        change(&setting)
        return try ContainerPlanCompiler(
            config: config, namespaces: try NamespaceChoice(config.linux), setting: setting
        ).compile()
    }

    private func problem(
        _ edit: (inout OCIConfig) -> Void, setting: (inout ContainerPlanCompiler.Setting) -> Void = { _ in }
    ) -> String? {
        do { _ = try compile(edit, setting: setting) } catch { return (error as? InvalidInput)?.path }
        return nil
    }

    private static func inUserNamespace(_ config: inout OCIConfig) {
        config.linux?.namespaces?.append(.init(.user))
        config.linux?.uidMappings = [.init(containerID: 0, hostID: 1000, size: 10)]
        config.linux?.gidMappings = [.init(containerID: 0, hostID: 1000, size: 10)]
    }

    @Test func copiesLoseAndGetAttributes() throws {
        let plan = try compile {
            $0.mounts = [
                .init(
                    destination: "/a", type: "bind", source: "/x", options: ["rbind", "rw", "rro", "rnosuid"])
            ]
        }
        #expect(plan.sources[0].removing == .readOnly && plan.sources[0].adding == [])
        #expect(plan.sources[0].addingBelow == [.readOnly, .noSetuid])
    }

    @Test func ownersAreShownThroughAMap() throws {
        let own = try compile {
            var mount = OCIConfig.Mount(destination: "/a", type: "bind", source: "/x", options: ["bind"])
            mount.uidMappings = [.init(containerID: 0, hostID: 500, size: 3)]
            mount.gidMappings = [.init(containerID: 0, hostID: 600, size: 3)]
            $0.mounts = [mount]
        }
        #expect(own.sources[0].ids == .init(users: "0 500 3\n", groups: "0 600 3\n", isRecursive: false))
        let containers = try compile {
            $0.mounts = [.init(destination: "/a", type: "bind", source: "/x", options: ["rbind", "ridmap"])]
            Self.inUserNamespace(&$0)
        }
        #expect(containers.sources[0].ids == .init(users: nil, groups: nil, isRecursive: true))
        let bind = OCIConfig.Mount(destination: "/a", type: "bind", source: "/x", options: ["bind", "idmap"])
        #expect(problem { $0.mounts = [bind] } == "mounts[0].options")
        #expect(
            problem { $0.mounts = [.init(destination: "/a", type: "tmpfs", source: "t", options: ["idmap"])] }
                == "mounts[0].options")
    }

    @Test func aFilterMayHaveAListener() throws {
        let plan = try compile({
            $0.linux?.seccomp = .init(defaultAction: .allow)
            $0.linux?.seccomp?.syscalls = [.init(names: ["mkdir"], action: .notify)]
            $0.linux?.seccomp?.listenerPath = "/run/agent"
            $0.linux?.seccomp?.listenerMetadata = "about"
        }) { $0.passed = 2 }
        #expect(plan.listenerPath == "/run/agent" && plan.listenerMetadata == "about")
        let found = plan.steps.compactMap { step -> SeccompListener? in
            if case .seccomp(_, 8, let listener) = step { listener } else { nil }
        }
        // Behind the root, the listening socket and two passed ones.
        #expect(found.map(\.socket) == [.init(place: 4)])
        #expect(
            problem {
                $0.linux?.seccomp = .init(defaultAction: .allow)
                $0.linux?.seccomp?.syscalls = [.init(names: ["mkdir"], action: .notify)]
            } == "linux.seccomp.listenerPath")
    }

    @Test func parametersAreOfTheContainersNamespacesOnly() throws {
        let plan = try compile { $0.linux?.sysctl = ["net.core.somaxconn": "5"] }
        #expect(plan.steps.contains { $0.summary == "set linux.sysctl.net.core.somaxconn" })
        #expect(
            problem {
                $0.linux?.sysctl = ["net.core.somaxconn": "5"]
                $0.linux?.namespaces?.removeAll { $0.type == .network }
            } == "linux.sysctl.net.core.somaxconn")
        #expect(problem { $0.linux?.sysctl = ["vm.swappiness": "5"] } == "linux.sysctl.vm.swappiness")
    }

    @Test func whatIsNotCarriedOutIsRefused() {
        #expect(problem { $0.linux?.intelRdt = .init() } == "linux.intelRdt")
        #expect(problem { $0.linux?.memoryPolicy = .init() } == "linux.memoryPolicy")
        #expect(
            problem {
                $0.process.apparmorProfile = "p"
                $0.mounts = [.init(destination: "/proc/", type: "tmpfs", source: "t", options: nil)]
            } == "process.apparmorProfile")
    }

    @Test func theProcessHasItsOwnCalls() throws {
        let steps = try compile {
            $0.process.scheduler = .init(policy: "SCHED_IDLE")
            $0.linux?.personality = .init(domain: "LINUX32")
            $0.linux?.namespaces?.append(.init(.time))
            $0.linux?.timeOffsets = ["boottime": .init(secs: 5, nanosecs: nil)]
        }.steps
        for purpose in ["set process.scheduler", "set linux.personality", "set linux.timeOffsets"] {
            #expect(steps.contains { $0.summary == purpose }, "\(purpose)")
        }
        let exec = try ProcessSteps(
            OCIConfig.Process(args: ["/bin/sh"], cwd: "/"), seccomp: nil, linux: nil,
            modules: SecurityModules([]), keepsGroups: false, processors: try ProcessorList("0", path: "p")
        ).steps()
        #expect(exec.contains { $0.summary == "set process.execCPUAffinity" })
    }
}
