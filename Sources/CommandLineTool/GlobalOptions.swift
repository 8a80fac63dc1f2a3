internal import ArgumentParser
internal import ControlClient

/// How results are shown.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    case table, json, yaml
}

/// Options that every command takes, before or after its name.
struct GlobalOptions: ParsableArguments {
    @Option(help: "The daemon's control socket (default: TORPOR_SOCKET, else /run/torpor/torpor.sock).")
    var socket: String?

    @Option(name: [.short, .long], help: "How results are shown: table, json or yaml.")
    var output = OutputFormat.table

    static let defaultSocket = "/run/torpor/torpor.sock"

    var client: ControlClient {
        let context = ToolContext.current
        let variable = context.environment["TORPOR_SOCKET"].flatMap { $0.isEmpty ? nil : $0 }
        return ControlClient(socket: context.absolute(socket ?? variable ?? Self.defaultSocket))
    }
}

/// ArgumentParser takes an option only behind the command that declares it; this moves those in front.
enum GlobalArguments {
    private static let names: Set = ["--socket", "--output", "-o"]

    static func moved(_ arguments: [String]) -> [String] {
        var moved: [String] = []
        var rest: [String] = []
        var index = 0
        // A group such as `system` is followed by the name of its command.
        var namesExpected = 1
        while index < arguments.count, namesExpected > 0 {
            let argument = arguments[index]
            if names.contains(argument), index + 1 < arguments.count {
                moved += arguments[index...(index + 1)]
                index += 2
            } else if names.contains(where: { $0.hasPrefix("--") && argument.hasPrefix("\($0)=") }) {
                moved.append(argument)
                index += 1
            } else if argument.hasPrefix("-") {
                break
            } else {
                namesExpected += argument == "help" || CommandNames.group(argument) != nil ? 0 : -1
                rest.append(argument)
                index += 1
            }
        }
        rest += arguments[index...]
        rest.insert(contentsOf: moved, at: rest.firstIndex(of: "--") ?? rest.endIndex)
        return rest
    }
}
