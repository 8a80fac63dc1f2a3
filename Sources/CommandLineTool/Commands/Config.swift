internal import ArgumentParser
internal import Core
internal import Foundation
internal import Manifest

struct Config: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at configuration without using it.", subcommands: [ConfigCheck.self])
}

struct ConfigCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check the daemon's configuration, or manifests; 1 when something is wrong.",
        discussion: """
            Needs no daemon: what only the host can tell, 'torpor apply --dry-run' finds. The daemon's configuration is \
            checked by 'torpord --check-config'.
            """)

    @OptionGroup var global: GlobalOptions
    @Option(help: "The daemon's configuration (default: /etc/torpor/torpord.yaml, unless -f is given).")
    var config: String?
    @Option(
        name: [.customShort("f"), .customLong("file")],
        help: "A manifest, a directory of them, or - for stdin; may be repeated.")
    var files: [String] = []

    private struct Checked: Encodable {
        var file: String
        /// Nil where nothing is wrong.
        var problem: String?
        var note: String?
        /// Of a manifest.
        var functions: [String]?
    }

    private struct Result: Encodable { var checked: [Checked] }

    private static let defaultPath = "/etc/torpor/torpord.yaml"

    func run() async throws {
        var checked: [Checked] = []
        if config != nil || files.isEmpty {
            let path = ToolContext.current.absolute(config ?? Self.defaultPath)
            var daemons = Checked(file: path)
            if config != nil || FileManager.default.fileExists(atPath: path) {
                daemons.problem = try Self.problem(inDaemons: path)
            } else {
                daemons.note = "is not there: every setting has its default"
            }
            checked.append(daemons)
        }
        for file in files {
            do {
                let functions = try ManifestFiles.read([file]).map(\.key.description)
                checked.append(Checked(file: file, functions: functions))
            } catch let error as ToolFailure {
                checked.append(Checked(file: file, problem: error.description))
            }
        }
        try global.show(Result(checked: checked)) {
            checked.map { "\($0.file): \($0.problem == nil ? $0.note ?? "good" : "wrong")\n" }.joined()
        }
        let problems = checked.compactMap(\.problem)
        if !problems.isEmpty { throw ToolFailure(problems.joined(separator: "\ntorpor: ")) }
    }

    private static func problem(inDaemons path: String) throws -> String? {
        guard FileManager.default.fileExists(atPath: path) else {
            return "\(path): there is no such file"
        }
        let answer = try DaemonProgram.run(["--check-config", "--config", path])
        return answer.status == 0 ? nil : answer.errors
    }
}
