internal import ArgumentParser
internal import Core

/// Tells what is wrong with a command's name, better than "unexpected argument".
enum CommandNames {
    /// Commands that are promised and not built, by their group: "" is `torpor` itself.
    private static let notBuilt = [
        "": ["image"],
        "rollout": ["traffic"],
    ]

    /// Commands that are followed by the name of one of theirs, such as `system`.
    static let groups = TorporCommand.configuration.subcommands.filter {
        !$0.configuration.subcommands.isEmpty
    }

    static func group(_ name: String) -> (any ParsableCommand.Type)? {
        groups.first { names(of: $0).contains(name) }
    }

    static func problem(with arguments: [String]) -> String? {
        guard let first = arguments.first, !first.hasPrefix("-") else { return nil }
        if let problem = problem(with: first, in: TorporCommand.self, group: "") { return problem }
        guard let group = group(first), arguments.count > 1, !arguments[1].hasPrefix("-") else { return nil }
        return problem(with: arguments[1], in: group, group: first)
    }

    private static func problem(
        with name: String, in command: any ParsableCommand.Type, group: String
    ) -> String? {
        let known = command.configuration.subcommands.flatMap { names(of: $0) }
        if known.contains(name) || name == "help" { return nil }
        let prefix = group.isEmpty ? "" : group + " "
        if notBuilt[group, default: []].contains(name) { return "'\(prefix)\(name)' is not supported yet" }
        let hint =
            Nearest.match(name, among: known).map { "did you mean '\(prefix)\($0)'?" }
            ?? "'torpor help\(group.isEmpty ? "" : " " + group)' lists what there is"
        return "unknown command '\(prefix)\(name)'; \(hint)"
    }

    private static func names(of command: any ParsableCommand.Type) -> [String] {
        [command._commandName] + command.configuration.aliases
    }
}
