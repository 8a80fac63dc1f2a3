internal import ArgumentParser
internal import ControlClient
internal import Core

struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Remove functions; requests in flight finish.", aliases: ["rm", "delete"])

    @OptionGroup var global: GlobalOptions
    @Argument(help: "NAME or NAME.NAMESPACE.", completion: Completion.functions) var names: [String]

    private struct Removed: Encodable { var removed: [String] }

    func run() async throws {
        let keys = try names.map { try FunctionArgument.parse($0).key }
        let client = global.client
        var removed: [String] = []
        var problems: [String] = []
        for key in keys {
            do {
                try await Explanation.suggesting(key, client) { try await client.remove(key) }
                removed.append(key.description)
            } catch let error as ToolFailure {
                problems.append(error.description)
            } catch ClientError.refused(let error) {
                problems.append("\(key): \(error)")
            }
        }
        try global.show(Removed(removed: removed)) { removed.map { "\($0): removed\n" }.joined() }
        if !problems.isEmpty { throw ToolFailure(problems.joined(separator: "\ntorpor: ")) }
    }
}
