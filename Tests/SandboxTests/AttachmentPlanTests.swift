import Core
import LinuxSystem
import OCI
import Sandbox
import Testing

/// Secrets, volumes and configuration files in a launch plan.
@Suite struct AttachmentPlanTests {
    private func compile(_ spec: FunctionSpec) throws -> [LaunchPlan.Step] {
        let id = RevisionID(function: try FunctionKey(name: "hello"), number: 3)
        return try LaunchPlanCompiler(
            config: .default(command: ["/bin/hello"]), spec: spec, revision: id, facts: HostFacts()
        ).compile(seccomp: Array(repeating: 6, count: 16)).steps
    }

    @Test func `What lies on another comes later, and before anything is masked or read-only`() throws {
        var spec = FunctionSpec()
        let plain = try compile(spec)
        spec.secrets = [try ResourceName("a"), try ResourceName("b")]
        spec.volumes = [
            VolumeSpec(.named(try ResourceName("inner")), path: "/data/inner"),
            VolumeSpec(.tmpfs(.mebibytes(1)), path: "/data"),
            VolumeSpec(.bind("/srv"), path: "/data/inner/deep", readOnly: true),
        ]
        spec.configs = [ConfigFile(path: "/etc/app.conf", content: [1])]
        let steps = try compile(spec)
        let added = steps.filter { !plain.contains($0) }
        let targets = added.compactMap { step -> String? in
            switch step {
            case .attachment(let descriptor, let target, let isFile):
                "\(descriptor.place - LaunchPlan.Descriptor.sysfs.place - 1) \(target)\(isFile ? " file" : "")"
            case .mount(_, let target, _, _): target
            default: nil
            }
        }
        // The indices are those of the descriptors: secrets, volumes, files, each as the spec has them.
        #expect(
            targets == [
                "/data", "2 /data/inner", "0 /run/secrets", "4 /etc/app.conf file", "3 /data/inner/deep",
                "1 /var/openfaas/secrets",
            ])
        #expect(steps.count == plain.count + 6)
        let last = try #require(steps.lastIndex { if case .attachment = $0 { true } else { false } })
        let mask = try #require(steps.firstIndex { if case .mask = $0 { true } else { false } })
        #expect(last < mask)
    }

    @Test func `A function that has none has the plan that it had`() throws {
        let steps = try compile(FunctionSpec())
        #expect(!steps.contains { if case .attachment = $0 { true } else { false } })
        let tmpfs = LaunchPlan.Step.mount(
            type: "tmpfs", target: "/scratch", options: ["mode=1777", "size=4096"],
            attributes: [.noSetuid, .noDevices])
        var spec = FunctionSpec()
        spec.volumes = [VolumeSpec(.tmpfs(.kibibytes(4)), path: "/scratch")]
        #expect(try compile(spec).filter { !steps.contains($0) } == [tmpfs])
    }
}
