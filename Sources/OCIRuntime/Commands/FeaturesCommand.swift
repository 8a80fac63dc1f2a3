internal import ArgumentParser
internal import Core
internal import FoundationEssentials
internal import OCI
internal import Sandbox

struct FeaturesCommand: RuntimeCommand {
    static let configuration = CommandConfiguration(
        commandName: "features", abstract: "Show what the runtime can do, as JSON.")

    @ParentCommand var program: RuntimeProgram

    func perform(_ context: RuntimeContext) throws -> Int32 {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try context.output(String(decoding: try encoder.encode(RuntimeFeatures()), as: UTF8.self) + "\n")
        return 0
    }
}

/// The features structure (features.md, features-linux.md), from the tables by which the runtime goes.
struct RuntimeFeatures: Encodable {
    struct Enabled: Encodable { var enabled: Bool }

    struct Linux: Encodable {
        var namespaces = OCIConfig.NamespaceKind.allCases.map(\.rawValue)
        var capabilities = CapabilitySet.names
        var cgroup = Cgroup()
        var seccomp = Seccomp()
        var apparmor = Enabled(enabled: true)
        var selinux = Enabled(enabled: true)
        var intelRdt = Enabled(enabled: false)
        var mountExtensions = MountExtensions()
    }

    struct Cgroup: Encodable {
        var v1 = false
        var v2 = true
        var systemd = true
        var systemdUser = true
        var rdma = false
    }

    struct Seccomp: Encodable {
        var enabled = true
        var actions = OCIConfig.SeccompAction.allCases.map(\.rawValue).sorted()
        var operators = OCIConfig.SeccompOperator.allCases.map(\.rawValue).sorted()
        var archs = SeccompArchitecture.names
    }

    struct MountExtensions: Encodable { var idmap = Enabled(enabled: true) }

    var ociVersionMin = "1.0.0"
    var ociVersionMax = SpecVersion.current
    var hooks = HookKind.allCases.map(\.rawValue)
    var mountOptions = MountOptions.names
    var linux = Linux()
}
