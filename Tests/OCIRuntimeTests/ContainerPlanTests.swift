import Core
import LinuxSystem
import OCI
import OCIRuntime
import Sandbox
import Testing

/// A configuration and the steps that come of it.
@Suite struct ContainerPlanTests {
    private func compile(
        _ edit: (inout OCIConfig) -> Void = { _ in },
        setting change: (inout ContainerPlanCompiler.Setting) -> Void = { _ in }
    ) throws -> ContainerPlan {
        var config = OCIConfig.default(command: ["/bin/sh"])
        edit(&config)
        var setting = ContainerPlanCompiler.Setting(
            bundle: "/b", rootfs: "/b/rootfs", kernel: KernelVersion(6, 12), modules: SecurityModules([]))
        setting.isFile = { $0 == "/none" ? nil : $0.hasSuffix("file") }
        change(&setting)
        return try ContainerPlanCompiler(
            config: config, namespaces: try NamespaceChoice(config.linux), setting: setting
        ).compile()
    }

    private func place(_ steps: [LaunchPlan.Step], _ wanted: (LaunchPlan.Step) -> Bool) throws -> Int {
        let found = steps.firstIndex(where: wanted)
        return try #require(found)
    }

    private func problem(_ edit: (inout OCIConfig) -> Void) -> String? {
        do { _ = try compile(edit) } catch { return (error as? InvalidInput)?.path ?? "\(error)" }
        return nil
    }

    @Test func theOrderIsWhatTheKernelNeeds() throws {
        let steps = try compile().steps
        #expect(steps.first?.summary == "keep the container's mounts from the host")
        #expect(steps[1] == .root(.root, at: "/b/rootfs"))
        let proc = try place(steps) { if case .mount("proc", _, _, _) = $0 { true } else { false } }
        let cover = try place(steps) { if case .cover = $0 { true } else { false } }
        let pivot = try place(steps) { $0 == .pivot }
        let readonly = try place(steps) { $0 == .rootReadonly }
        let ready = try place(steps) { if case .sync(2, _) = $0 { true } else { false } }
        #expect(proc < cover && cover < pivot && pivot < readonly && readonly < ready)
        #expect(steps.last == .start && ready == steps.count - 2)
        #expect(!steps.contains { if case .becomeRoot = $0 { true } else { false } })
        #expect(!steps.contains { if case .sync(1, _) = $0 { true } else { false } })
    }

    @Test func bindsAreSentAndAttachedInTheirPlaces() throws {
        let plan = try compile {
            $0.mounts = [
                .init(destination: "/a", type: "bind", source: "/x", options: ["rbind", "ro", "rslave"]),
                .init(destination: "/f", type: "none", source: "own/file", options: ["bind", "nosuid"]),
            ]
        }
        #expect(plan.sources.map(\.path) == ["/x", "/b/own/file"])
        #expect(plan.sources.map(\.isRecursive) == [true, false])
        #expect(plan.sources.map(\.adding) == [.readOnly, .noSetuid])
        // MS_SLAVE, and MS_PRIVATE where nothing is said.
        #expect(plan.sources.map(\.propagation) == [0x8_0000, 0x4_0000])
        let places = [1, 2].map { LaunchPlan.Descriptor(place: $0) }
        let directory = LaunchPlan.Step.attachment(places[0], target: "/a", isFile: false)
        let file = LaunchPlan.Step.attachment(places[1], target: "/f", isFile: true)
        #expect(plan.steps.contains(directory))
        #expect(plan.steps.contains(file))
    }

    @Test func hooksNeedAStopAndARunNeedsNoListener() throws {
        let plan = try compile({
            $0.hooks = .init()
            $0.hooks?.createRuntime = [.init(path: "/bin/true")]
        }) { $0.waitsForStart = false }
        let stop = try place(plan.steps) { $0 == .sync(1, listener: nil) }
        let pivot = try place(plan.steps) { $0 == .pivot }
        #expect(stop < pivot)
        let ready = LaunchPlan.Step.sync(2, listener: nil)
        #expect(plan.steps.contains(ready))
    }

    @Test func passedDescriptorsComeBehindTheListener() throws {
        let steps = try compile({
            $0.mounts = [.init(destination: "/a", type: "bind", source: "/x", options: nil)]
        }) {
            $0.passed = 2
        }.steps
        let listening = LaunchPlan.Step.sync(2, listener: LaunchPlan.Descriptor(place: 2))
        let passing = LaunchPlan.Step.pass([3, 4].map { LaunchPlan.Descriptor(place: $0) })
        #expect(steps.contains(listening))
        #expect(steps.contains(passing))
    }

    @Test func otherUsersBecomeRootFirst() throws {
        let steps = try compile({
            $0.linux?.namespaces?.append(.init(.user))
            let map = OCIConfig.IDMapping(containerID: 0, hostID: 1000, size: 1)
            $0.linux?.uidMappings = [map]
            $0.linux?.gidMappings = [map]
        }) {
            $0.keepsGroups = true
            $0.hasGroup = { $0 == 0 }
        }.steps
        #expect(steps[2] == .becomeRoot(keepsGroups: true))
        #expect(steps.contains(.keepGroups))
        for case .mount("devpts", _, let options, _) in steps { #expect(!options.contains("gid=5")) }
    }

    @Test func aTerminalIsMadeBehindThePivot() throws {
        let steps = try compile {
            $0.process.terminal = true
            $0.process.consoleSize = .init(height: 25, width: 80)
            $0.process.user = .init(uid: 7)
        }.steps
        let pivot = try place(steps) { $0 == .pivot }
        #expect(steps[pivot + 1] == .terminal(console: "/dev/console", rows: 25, columns: 80, owner: 7))
    }

    @Test func whatCannotBeIsNamed() {
        #expect(problem { $0.linux?.namespaces = [.init(.pid)] } == "linux.namespaces")
        #expect(
            problem {
                $0.hostname = "a"
                $0.linux?.namespaces?.removeAll { $0.type == .uts }
            } == "hostname")
        #expect(
            problem { $0.mounts = [.init(destination: "/a", type: "bind", source: "/none", options: nil)] }
                == "mounts[0].source")
        #expect(
            problem { $0.mounts = [.init(destination: "/a", type: "bind", source: nil, options: nil)] }
                == "mounts[0].source")
        #expect(problem { $0.linux?.rootfsPropagation = "sideways" } == "linux.rootfsPropagation")
        #expect(problem { $0.process.args = nil } == "process.args")
    }
}
