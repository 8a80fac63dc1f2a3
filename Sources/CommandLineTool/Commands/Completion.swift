internal import ArgumentParser

struct Completion: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write the shell's completion script to standard output.",
        discussion: """
            bash: torpor completion bash > /etc/bash_completion.d/torpor
            zsh: torpor completion zsh > /usr/local/share/zsh/site-functions/_torpor
            fish: torpor completion fish > /etc/fish/completions/torpor.fish
            """)

    /// Names of functions, asked of the daemon as they are typed.
    static let functions = CompletionKind.shellCommand("torpor list --quiet 2>/dev/null")

    /// Functions, as the beginning of a place in one, and files that are here.
    static let copyPlaces = CompletionKind.shellCommand(
        "torpor list --quiet 2>/dev/null | sed 's/.*/&:/'; ls -p")

    @Argument(help: "bash, zsh or fish.") var shell: String

    func run() async throws {
        let known = CompletionShell.allCases.map(\.rawValue).sorted()
        guard let shell = CompletionShell(rawValue: shell) else {
            throw ValidationError("'\(shell)' is no shell that is known (\(known.joined(separator: ", ")))")
        }
        try ToolContext.current.output(TorporCommand.completionScript(for: shell) + "\n")
    }
}
