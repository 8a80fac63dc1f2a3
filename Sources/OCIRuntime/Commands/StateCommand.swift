internal import ArgumentParser
internal import Core
internal import FoundationEssentials

struct StateCommand: RuntimeCommand {
    static let configuration = CommandConfiguration(
        commandName: "state", abstract: "Show what a container is and does, as JSON.")

    @ParentCommand var program: RuntimeProgram
    @Argument(help: "The container's id.") var id: String

    func perform(_ context: RuntimeContext) throws -> Int32 {
        let record = try context.root.open(try ContainerID(id)).record()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let bytes = try encoder.encode(ShownState(record))
        try context.output(String(decoding: bytes, as: UTF8.self) + "\n")
        return 0
    }
}

/// The state of the specification (runtime.md, "State"), and what other runtimes tell besides.
struct ShownState: Encodable {
    let ociVersion, id, status, bundle, rootfs, created, owner: String
    let pid: Int32
    let annotations: [String: String]?

    init(_ record: ContainerRecord) {
        let document = record.document
        ociVersion = document.ociVersion
        id = document.id
        status = document.status.rawValue
        bundle = document.bundle
        pid = document.pid
        annotations = document.annotations
        rootfs = record.rootfs
        created = record.created
        owner = record.owner == 0 ? "root" : "\(record.owner)"
    }
}
