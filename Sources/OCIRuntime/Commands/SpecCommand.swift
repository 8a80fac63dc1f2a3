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
        do { try FileTree.makeFile(path, content: bytes + [10]) } catch {
            guard error.isThere else { throw error }
            throw RuntimeFailure("\(path) exists already; remove it first")
        }
        return 0
    }

    /// - Parameter rootless: the caller's own id is root in the container, and there is no network but the caller's.
    static func configuration(rootless: Bool) -> OCIConfig {
        var config = OCIConfig.default(command: ["sh"])
        config.process.env = (config.process.env ?? []) + ["TERM=xterm"]
        config.hostname = "torpor"
        if rootless { giveOwnUsers(to: &config) }
        return config
    }

    private static func giveOwnUsers(to config: inout OCIConfig) {
        var linux = config.linux ?? OCIConfig.Linux()
        linux.namespaces = (linux.namespaces ?? []) + [OCIConfig.Namespace(.user)]
        linux.uidMappings = [OCIConfig.IDMapping(containerID: 0, hostID: HostIdentity.userID, size: 1)]
        linux.gidMappings = [OCIConfig.IDMapping(containerID: 0, hostID: HostIdentity.groupID, size: 1)]
        config.linux = linux
        var mounts = config.mounts ?? []
        for index in mounts.indices {
            mounts[index].options = mounts[index].options?.filter { !$0.hasPrefix("gid=") }
        }
        config.mounts = mounts
    }
}
