internal import ArgumentParser
internal import Foundation

/// For packages: everything that is made of the commands' own declarations.
struct Manual: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write manual pages into a directory, or a reference to standard output.",
        shouldDisplay: false)

    @Flag(help: "The reference of the commands as Markdown.") var markdown = false
    @Flag(help: "The reference of torpor.yaml as Markdown.") var manifest = false
    @Argument(help: "Where to write one page per command; made when needed.") var directory: String?

    func validate() throws {
        guard [markdown, manifest, directory != nil].filter(\.self).count == 1 else {
            throw ValidationError("name a directory, --markdown or --manifest")
        }
    }

    func run() async throws {
        let context = ToolContext.current
        let tool = try CommandHelp.ofTool()
        if manifest { return try context.output(ManifestReference.text()) }
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
