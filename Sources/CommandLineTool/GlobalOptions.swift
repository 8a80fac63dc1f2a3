internal import ArgumentParser
internal import ControlClient
internal import Core

/// How results are shown.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    case table, json, yaml
}

/// Options that every command takes, before or after its name.
struct GlobalOptions: ParsableArguments {
    @Option(help: "The daemon's control socket (default: TORPOR_SOCKET, else /run/torpor/torpor.sock).")
    var socket: String?

    @Option(
        help: "Drive another host, over ssh: ssh://user@box; also -H (default: TORPOR_HOST).")
    var host: String?

    @Option(name: [.short, .long], help: "How results are shown: table, json or yaml.")
    var output = OutputFormat.table

    static let defaultSocket = "/run/torpor/torpor.sock"

    var client: ControlClient {
        guard let remote else { return ControlClient(socket: socketPath) }
        return ControlClient(reaching: remote.description) { try remote.dial(.control) }
    }

    /// Of this host's daemon.
    var socketPath: String {
        let context = ToolContext.current
        return context.absolute(socket ?? context.variable("TORPOR_SOCKET") ?? Self.defaultSocket)
    }

    /// The other host, if one is to be driven. `validate` has seen to it that it can be read.
    var remote: RemoteHost? { (try? readHost()) ?? nil }

    var deployer: Deployer { Deployer(client: client, isRemote: remote != nil) }

    func validate() throws {
        _ = try usage("--host") { () throws(InvalidInput) in try readHost() }
    }

    private func readHost() throws(InvalidInput) -> RemoteHost? {
        guard let text = host ?? ToolContext.current.variable("TORPOR_HOST") else { return nil }
        return try RemoteHost(text, socket: socket)
    }
}

extension ToolContext {
    /// A variable of the environment that is not empty.
    func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
}

/// ArgumentParser takes an option only behind the command that declares it; this moves those in front.
enum GlobalArguments {
    private static let names: Set = ["--socket", "--output", "-o", "--host", "-H"]

    static func moved(_ arguments: [String]) -> [String] {
        var moved: [String] = []
        var rest: [String] = []
        var index = 0
        // A group such as `system` is followed by the name of its command.
        var namesExpected = 1
        while index < arguments.count, namesExpected > 0 {
            let argument = arguments[index]
            if names.contains(argument), index + 1 < arguments.count {
                // Behind a command's name -H may be its own.
                moved += [argument == "-H" ? "--host" : argument, arguments[index + 1]]
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
        let hasOwn = rest.last.map { commandsWithOwn.contains($0) } ?? false
        let behind = Array(arguments[index...])
        let end = behind.firstIndex(of: "--") ?? behind.endIndex
        // In front of what may be a command to run, which takes everything behind it.
        return rest + (rest.isEmpty ? [] : moved) + withHost(behind[..<end], mustBeAddress: hasOwn)
            + behind[end...] + (rest.isEmpty ? moved : [])
    }

    /// Commands that have a -H of their own, or run something that may have one.
    private static let commandsWithOwn: Set = ["invoke", "exec"]

    /// Behind a command's name -H is the host, too.
    /// - Parameter mustBeAddress: only where its value begins as an address of ssh does.
    private static func withHost(_ arguments: ArraySlice<String>, mustBeAddress: Bool) -> [String] {
        var result = Array(arguments)
        for index in result.indices.dropLast() where result[index] == "-H" {
            if !mustBeAddress || result[index + 1].hasPrefix("ssh://") { result[index] = "--host" }
        }
        return result
    }
}
