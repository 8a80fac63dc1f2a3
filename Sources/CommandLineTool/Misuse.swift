internal import ArgumentParser
internal import Foundation

/// What ArgumentParser says of misuse, with the program's name in front of its commands' everywhere.
enum Misuse {
    /// - Parameters:
    ///   - type: the command that was found in the arguments, `torpor` itself where none was.
    static func text(
        of error: any Error, _ type: any ParsableCommand.Type, _ arguments: [String]
    ) -> String {
        if let advice = commandWithoutDashes(arguments, type.message(for: error)) { return advice }
        guard error is ValidationError else {
            // The parser's own: it knows the whole command.
            let text = type.fullMessage(for: error)
            return text.hasPrefix("Error: ") ? String(text.dropFirst("Error: ".count)) : text
        }
        let name = path(to: type) ?? "torpor"
        return """
            \(type.message(for: error))
            Usage: \(TorporCommand.usageString(for: type))
              See '\(name) --help' for more information.
            """
    }

    /// `torpor rollout undo`.
    private static func path(to type: any ParsableCommand.Type) -> String? {
        func search(_ above: any ParsableCommand.Type, _ path: String) -> String? {
            let path = path.isEmpty ? above._commandName : "\(path) \(above._commandName)"
            if above == type { return path }
            return above.configuration.subcommands.lazy.compactMap { search($0, path) }.first
        }
        return search(TorporCommand.self, "")
    }

    private static let flagsOfDeploy: Set = ["--cgi", "--no-wait", "--help", "-h", "--version"]

    /// Of `deploy NAME --rootfs R /bin/sh -c '…'`: where the dashes belong.
    private static func commandWithoutDashes(_ arguments: [String], _ message: String) -> String? {
        guard arguments.first == "deploy", !arguments.contains("--"),
            message.localizedCaseInsensitiveContains("unexpected argument")
                || message.contains("Unknown option")
        else { return nil }
        var names = 0
        var index = 1
        while index < arguments.count {
            let argument = arguments[index]
            if argument.hasPrefix("-") {
                index += argument.contains("=") || flagsOfDeploy.contains(argument) ? 1 : 2
                continue
            }
            names += 1
            if names == 2 {
                return "put -- before the command: \(argument) and what follows would be options of deploy\n"
                    + "  torpor deploy NAME --rootfs DIR [options] -- \(arguments[index...].prefix(3).joined(separator: " "))"
            }
            index += 1
        }
        return nil
    }
}
