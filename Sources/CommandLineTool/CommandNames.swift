internal import ArgumentParser
internal import Core

/// Tells what is wrong with a command's name, better than "unexpected argument".
enum CommandNames {
    /// Commands that are promised and not built.
    private static let notBuilt = [
        "diff", "exec", "stats", "events", "rollout", "image", "secret", "namespace", "explain",
    ]
    private static let notBuiltOfSystem = ["prune", "backup", "restore"]

    static func problem(with arguments: [String]) -> String? {
        guard let first = arguments.first, !first.hasPrefix("-") else { return nil }
        if let problem = problem(with: first, group: TorporCommand.self, notBuilt: notBuilt, prefix: "") {
            return problem
        }
        guard first == "system", arguments.count > 1, !arguments[1].hasPrefix("-") else { return nil }
        return problem(
            with: arguments[1], group: System.self, notBuilt: notBuiltOfSystem, prefix: "system ")
    }

    private static func problem(
        with name: String, group: any ParsableCommand.Type, notBuilt: [String], prefix: String
    ) -> String? {
        let known = group.configuration.subcommands.flatMap { command in
            [command._commandName] + command.configuration.aliases
        }
        if known.contains(name) || name == "help" { return nil }
        if notBuilt.contains(name) { return "'\(prefix)\(name)' is not supported yet" }
        let hint =
            Nearest.match(name, among: known).map { "did you mean '\(prefix)\($0)'?" }
            ?? "'torpor help' lists what there is"
        return "unknown command '\(prefix)\(name)'; \(hint)"
    }
}
