/// The reference of all commands as Markdown: docs/cli.md.
enum Reference {
    static func text(of tool: CommandHelp) -> String {
        var text = """
            # Command line

            Made by `torpor manual --markdown`. The same is in `torpor help COMMAND` and in the manual pages.

            | option of every command | |
            | --- | --- |

            """
        for (usage, words) in CommonOptions.all { text += row(usage, words) }
        text += """

            Exit status: 0 done, 1 failed, 2 usage. `--output json` is stable and complete. Errors on standard error say what \
            is wrong, where, and what to do.

            """
        for command in tool.all.dropFirst() { text += section(command) }
        return text
    }

    private static func section(_ command: CommandHelp) -> String {
        var text = "\n## \(command.name)\n\n\(command.abstract)\n\n    \(command.synopsis)\n"
        if !command.discussion.isEmpty { text += "\n\(command.discussion)\n" }
        if !command.aliases.isEmpty { text += "\nAlso called: \(command.aliases.joined(separator: ", ")).\n" }
        if !command.arguments.isEmpty {
            text += "\n| | |\n| --- | --- |\n" + command.arguments.map { row($0.usage, $0.text) }.joined()
        }
        return text
    }

    private static func row(_ usage: String, _ words: String) -> String {
        "| `\(usage)` | \(words.replacing("|", with: "\\|").replacing("\n", with: " ")) |\n"
    }
}
