import Foundation
import PackagePlugin

/// Compiles torpor-init, torpor-stage or torpor-copy with the system's C compiler and embeds it in the target, so that
/// `swift build` alone gives working programs. SwiftPM itself cannot build them: it links C through the Swift driver, against the C
/// library.
@main
struct BuildInit: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let sources = context.package.directoryURL.appending(path: "Sources", directoryHint: .isDirectory)
        let initFiles = try files(sources.appending(path: "TorporInit"))
        let script = sources.appending(path: "TorporInit/build")
        let (program, ownFolder, shares) =
            switch target.name {
            case "Sandbox": ("TorporInitProgram", nil as String?, { (_: String) in true })
            // It is init without what stays.
            case "OCIRuntime": ("TorporStageProgram", "TorporStage", { $0 != "main.c" })
            // They share what stands in for the C library.
            default: ("TorporCopyProgram", "TorporCopy", { $0 == "kernel.c" })
            }
        let own = try ownFolder.map { try files(sources.appending(path: $0)) } ?? []
        let inputs = own + initFiles
        let compiled =
            own.filter { $0.pathExtension == "c" }
            + initFiles.filter { $0.pathExtension == "c" && shares($0.lastPathComponent) }
        let output = context.pluginWorkDirectoryURL.appending(path: "\(program).swift")
        return [
            .buildCommand(
                displayName: "Compiling \(program)", executable: URL(filePath: "/bin/sh"),
                arguments: [script.path(), output.path(), program] + compiled.map { $0.path() },
                inputFiles: inputs, outputFiles: [output])
        ]
    }

    private func files(_ directory: URL) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
            .sorted { $0.path() < $1.path() }
    }
}
