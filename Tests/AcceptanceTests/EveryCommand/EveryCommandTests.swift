import ControlAPI
import Core
import Foundation
import Testing

extension AcceptanceTests {
    /// Every command of the command line through the real daemon, as a table and as JSON. The commands are those that
    /// `torpor` itself declares: one that is added later is missed here until it has a case.
    @Suite struct EveryCommandTests {
        /// Commands whose answer is no result to show in two forms, with the file that drives them.
        private static let elsewhere = [
            "invoke": "CommandTests.swift",  // The function's own bytes.
            "exec": "AttachTests.swift", "port-forward": "PortForwardTests.swift",  // Streams.
            "cp": "CopyTests.swift",  // Files.
            "completion": "../CommandLineToolTests/HelpTests.swift",
            "manual": "../CommandLineToolTests/HelpTests.swift",
            "system dial-stdio": "RemoteTests.swift",
        ]

        @Test func inTableAndJSON() throws {
            try TorporFixture.with { torpor in
                let story = try CommandStory(torpor)
                for one in CommandStory.cases { try one.check(story) }
            }
        }

        @Test func noneIsMissing() throws {
            let dump = try ChildProcess.run(Programs.commandLine, ["--experimental-dump-help"])
            let tool = try ControlCoding.decode(JSONValue.self, from: Data(dump.utf8))
            let commands = Self.leaves(try #require(tool["command"]), above: "")
            #expect(commands.count > 30)
            let known = CommandStory.cases.map(\.command) + Self.elsewhere.keys
            #expect(Set(commands) == Set(known))
            let here = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            for (command, file) in Self.elsewhere {
                let text = try String(contentsOf: here.appending(path: file), encoding: .utf8)
                let words = command.split(separator: " ").map { "\"\($0)\"" }.joined(separator: ", ")
                #expect(text.contains(words) || text.contains(" \(command)\""), "\(command) in \(file)")
            }
        }

        private static func leaves(_ command: JSONValue, above: String) -> [String] {
            let name = command["commandName"]?.plainText ?? ""
            let path = above.isEmpty || above == "torpor" ? name : "\(above) \(name)"
            guard case .array(let below)? = command["subcommands"] else {
                return name == "help" ? [] : [path]
            }
            return below.flatMap { leaves($0, above: path) }
        }
    }
}
