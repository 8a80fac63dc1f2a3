internal import ControlAPI
internal import Core

/// A command's manual page, in the macros of man(7).
enum ManualPage {
    /// `torpor-rollout-undo.1`.
    static func fileName(of command: CommandHelp) -> String { command.path.joined(separator: "-") + ".1" }

    static func text(of command: CommandHelp) -> String {
        let title = command.path.joined(separator: "-").uppercased()
        var lines = [
            ".TH \(title) 1 \"\" \"Torpor \(TorporVersion.current)\" \"Torpor Manual\"", ".SH NAME",
            plain(command.path.joined(separator: "-")) + " \\- " + plain(command.abstract), ".SH SYNOPSIS",
            ".B " + plain(command.synopsis),
        ]
        if !command.discussion.isEmpty || !command.aliases.isEmpty {
            lines += [".SH DESCRIPTION"]
            if !command.discussion.isEmpty { lines.append(plain(command.discussion)) }
            if !command.aliases.isEmpty {
                lines += [".PP", plain("Also called: \(command.aliases.joined(separator: ", ")).")]
            }
        }
        if !command.arguments.isEmpty {
            lines.append(".SH OPTIONS")
            lines += command.arguments.flatMap { [".TP", ".B " + plain($0.usage), plain($0.text)] }
        }
        if !command.subcommands.isEmpty {
            lines.append(".SH COMMANDS")
            for below in command.subcommands {
                lines += [
                    ".TP", ".BR \(plain(below.path.joined(separator: "-"))) (1)", plain(below.abstract),
                ]
            }
        }
        lines += common(command)
        return lines.joined(separator: "\n") + "\n"
    }

    /// What holds for every command, told in torpor(1).
    private static func common(_ command: CommandHelp) -> [String] {
        guard command.path.count == 1 else { return [".SH SEE ALSO", ".BR torpor (1)"] }
        var lines = [".SH OPTIONS OF EVERY COMMAND"]
        for (usage, text) in CommonOptions.all { lines += [".TP", ".B " + plain(usage), plain(text)] }
        lines += [".SH EXIT STATUS", "0 done, 1 failed, 2 usage.", ".SH ENVIRONMENT"]
        for (name, text) in CommonOptions.variables { lines += [".TP", ".B " + plain(name), plain(text)] }
        return lines + [".SH FILES", ".TP", ".B /run/torpor/torpor.sock", "The daemon's control socket."]
    }

    /// Nothing in the text acts as a macro or an escape.
    private static func plain(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let escaped = line.replacing("\\", with: "\\e").replacing("-", with: "\\-")
            return line.hasPrefix(".") || line.hasPrefix("'") ? "\\&" + escaped : escaped
        }.joined(separator: "\n")
    }
}

/// What every command takes.
enum CommonOptions {
    static let all = [
        (
            "--socket <socket>",
            "The daemon's control socket (default: TORPOR_SOCKET, else /run/torpor/torpor.sock)."
        ),
        ("-H, --host <host>", "Drive another host, over ssh: ssh://user@box (default: TORPOR_HOST)."),
        ("-o, --output <output>", "How results are shown: table, json or yaml."),
        ("--version", "Show the version."), ("-h, --help", "Show help."),
    ]

    static let variables = [
        ("TORPOR_SOCKET", "The daemon's control socket."), ("TORPOR_HOST", "Another host, as with --host."),
        ("TORPOR_NAMESPACE", "The namespace of names that do not say theirs (default: default)."),
        ("NO_COLOR", "No colours, if set to anything."),
    ]
}
