internal import ArgumentParser
internal import Foundation

/// For packages: everything that is made of the commands' own declarations.
struct Manual: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write manual pages into a directory, or the reference to standard output.",
        shouldDisplay: false)

    @Flag(help: "The reference as Markdown.") var markdown = false
    @Argument(help: "Where to write one page per command; made when needed.") var directory: String?

    func validate() throws {
        if markdown == (directory != nil) { throw ValidationError("name a directory, or --markdown") }
    }

    func run() async throws {
        let context = ToolContext.current
        let tool = try CommandHelp.ofTool()
        guard let directory else { return try context.output(Reference.text(of: tool)) }
        let folder = context.absolute(directory)
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for command in tool.all {
                let path = "\(folder)/\(ManualPage.fileName(of: command))"
                try Data(ManualPage.text(of: command).utf8).write(to: URL(fileURLWithPath: path))
            }
        } catch {
            throw ToolFailure("\(directory) cannot be written: \(error.localizedDescription)")
        }
    }
}
