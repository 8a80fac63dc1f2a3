internal import ArgumentParser
internal import Core

struct PsCommand: RuntimeCommand {
    static let configuration = CommandConfiguration(
        commandName: "ps", abstract: "Show the numbers of a container's processes, as the host has them.")

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json }

    @ParentCommand var program: RuntimeProgram
    @Option(name: .shortAndLong, help: "table or json.") var format: Format = .table
    @Argument(help: "The container's id.") var id: String

    func perform(_ context: RuntimeContext) throws -> Int32 {
        let numbers = try ContainerProcesses.list(try context.root.open(try ContainerID(id)))
        switch format {
        case .table: try context.output("PID\n" + numbers.map { "\($0)\n" }.joined())
        case .json: try context.output("[" + numbers.map { "\($0)" }.joined(separator: ",") + "]\n")
        }
        return 0
    }
}
