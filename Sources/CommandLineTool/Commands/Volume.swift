internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Core

struct Volume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List and remove named volumes.",
        discussion: "A volume is made when a function first uses it, and kept until it is removed here.",
        subcommands: [VolumeListCommand.self, VolumeRemove.self], aliases: ["volumes"])
}

struct VolumeListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List named volumes.", aliases: ["ls"])

    @OptionGroup var global: GlobalOptions
    @OptionGroup var filter: NamespaceFilter

    func run() async throws {
        let client = global.client
        let volumes = try await client.volumes(namespace: try filter.name())
        if volumes.isEmpty { try await filter.requireKnown(client) }
        try global.show(VolumeList(volumes: volumes)) { Self.table(volumes) }
    }

    static func table(_ volumes: [VolumeView]) -> String {
        if volumes.isEmpty { return "no volumes; a function makes one with: --volume NAME:PATH\n" }
        var table = Table(["NAME", "NAMESPACE", "SIZE", "USED BY", "PATH"], yielding: ["PATH"])
        for volume in volumes {
            table.append([
                volume.name.description, volume.namespace.description,
                (volume.moreThan ? "more than " : "") + Size.text(UInt64(max(0, volume.bytes))),
                volume.usedBy.isEmpty ? "-" : volume.usedBy.joined(separator: ", "), volume.path,
            ])
        }
        return table.text
    }
}

struct VolumeRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove volumes that no function uses, with all their files.",
        aliases: ["rm", "delete"])

    @OptionGroup var global: GlobalOptions
    @OptionGroup var namespace: NamespaceOption
    @Argument(help: "Names of volumes.") var names: [String]

    func run() async throws {
        let client = global.client
        try await ResourceRemoval.run(names.map { try namespace.key($0) }, global) { key in
            try await client.removeVolume(key)
        }
    }
}
