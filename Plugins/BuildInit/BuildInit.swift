import Foundation
import PackagePlugin

/// Compiles torpor-init with the system's C compiler and embeds it in the target, so that `swift build` alone gives a
/// working daemon. SwiftPM itself cannot build it: it links C through the Swift driver, against the C library.
@main
struct BuildInit: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let sources = context.package.directoryURL.appending(
            path: "Sources/TorporInit", directoryHint: .isDirectory)
        let script = sources.appending(path: "build")
        let output = context.pluginWorkDirectoryURL.appending(path: "TorporInitProgram.swift")
        let inputs = try FileManager.default.contentsOfDirectory(at: sources, includingPropertiesForKeys: nil)
        return [
            .buildCommand(
                displayName: "Compiling torpor-init", executable: URL(filePath: "/bin/sh"),
                arguments: [script.path(), output.path()], inputFiles: inputs, outputFiles: [output])
        ]
    }
}
