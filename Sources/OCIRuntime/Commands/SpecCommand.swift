internal import ArgumentParser
internal import Core
internal import FoundationEssentials
internal import LinuxSystem
internal import OCI

struct SpecCommand: RuntimeCommand {
    static let configuration = CommandConfiguration(
        commandName: "spec", abstract: "Write a config.json for a bundle to begin with.")

    @ParentCommand var program: RuntimeProgram
    @Option(name: .shortAndLong, help: "Directory of the bundle; by default the current one.")
    var bundle: String = "."
    @Flag(help: "For who is not root: with a user namespace.") var rootless = false

    func perform(_ context: RuntimeContext) throws -> Int32 {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let bytes = Array(try encoder.encode(Self.configuration(rootless: rootless)))
        let path = bundle + "/config.json"
        do {
            try FileTree.makeFile(path, content: bytes + [10])
        } catch let error as KernelError where error.isThere {
            throw RuntimeFailure("\(path) exists already; remove it first")
        }
        return 0
    }

    /// - Parameter rootless: the caller's own id is root in the container, and there is no network but the caller's.
    static func configuration(rootless: Bool) -> OCIConfig {
        var config = OCIConfig.default(command: ["sh"])
        config.process.env?.append("TERM=xterm")
        config.hostname = "torpor"
        guard rootless else { return config }
        let map = { (id: UInt32) in [OCIConfig.IDMapping(containerID: 0, hostID: id, size: 1)] }
        config.linux?.namespaces?.append(.init(.user))
        config.linux?.uidMappings = map(HostIdentity.userID)
        config.linux?.gidMappings = map(HostIdentity.groupID)
        config.mounts = config.mounts?.map { mount in
            var mount = mount
            mount.options?.removeAll { $0.hasPrefix("gid=") }
            return mount
        }
        return config
    }
}
