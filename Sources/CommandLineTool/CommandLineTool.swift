internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Core

/// `torpor`: the command line over the control socket.
package enum CommandLineTool {
    /// - Parameter arguments: without the program's name.
    /// - Returns: the exit status: 0 done, 1 failed, 2 usage.
    package static func run(_ arguments: [String], in context: ToolContext = .process) async -> Int32 {
        await ToolContext.$current.withValue(context) {
            let arguments = GlobalArguments.moved(arguments)
            if let problem = CommandNames.problem(with: arguments) {
                return fail(problem, context, status: 2)
            }
            var type: any ParsableCommand.Type = TorporCommand.self
            do {
                var command = try TorporCommand.parseAsRoot(arguments)
                type = Swift.type(of: command)
                if var command = command as? any AsyncParsableCommand {
                    try await command.run()
                } else {
                    try command.run()
                }
                return 0
            } catch {
                return report(error, type, arguments, context)
            }
        }
    }

    private static func report(
        _ error: any Error, _ type: any ParsableCommand.Type, _ arguments: [String], _ context: ToolContext
    ) -> Int32 {
        switch error {
        case is StandardOutput.Closed: StandardOutput.Closed.status
        case let error as ToolFailure: fail(error.description, context, status: error.status)
        // Of what ran elsewhere, whose errors are told already.
        case let code as ExitCode: code.rawValue
        case let error as ClientError: fail(Explanation.text(of: error), context)
        case is CancellationError: fail("interrupted", context)
        default: usage(error, type, arguments, context)
        }
    }

    private static func fail(_ text: String, _ context: ToolContext, status: Int32 = 1) -> Int32 {
        let isColoured = context.errorsAreTerminal() && context.allowsColours
        context.errorOutput("\(isColoured ? Colour.red.paint("torpor:") : "torpor:") \(text)\n")
        return status
    }

    /// What ArgumentParser throws: help and version, which are no errors, and misuse.
    private static func usage(
        _ error: any Error, _ type: any ParsableCommand.Type, _ arguments: [String], _ context: ToolContext
    ) -> Int32 {
        switch type.exitCode(for: error) {
        case .success:
            do {
                try context.output(type.fullMessage(for: error) + "\n")
                return 0
            } catch {
                return error is StandardOutput.Closed ? StandardOutput.Closed.status : 1
            }
        case .validationFailure: return fail(Misuse.text(of: error, type, arguments), context, status: 2)
        default: return fail("\(error)", context)
        }
    }
}

struct TorporCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "torpor",
        abstract: "Functions that sleep until somebody calls them.",
        version: TorporVersion.current,
        subcommands: [
            Deploy.self, Apply.self, Diff.self, List.self, Describe.self, Invoke.self, Logs.self, Exec.self,
            Copy.self, PortForward.self, Events.self, Explain.self, Stats.self, Scale.self, Rollout.self,
            Wait.self,
            Remove.self, Secret.self,
            Volume.self, Namespace.self, System.self, Config.self, Completion.self, Manual.self,
        ])
}
