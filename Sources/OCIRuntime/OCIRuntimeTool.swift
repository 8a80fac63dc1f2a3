internal import ArgumentParser
internal import Core
internal import Glibc
internal import LinuxSystem

/// `torpor-oci`: the command line of an OCI runtime, over the sandbox that functions run in.
package enum OCIRuntimeTool {
    /// - Parameter arguments: without the program's name.
    /// - Returns: the exit status; of `run` and `exec` that of the program.
    package static func run(_ arguments: [String]) -> Int32 {
        HostIdentity.ignoreBrokenPipes()
        var log = RuntimeLog()
        do {
            // Standard streams that are closed would become the numbers of other things.
            try StandardStreams.fill()
            let command = try RuntimeProgram.parseAsRoot(arguments)
            guard let command = command as? any RuntimeCommand else {
                throw CleanExit.helpRequest(RuntimeProgram.self)
            }
            log = RuntimeLog(command.program.options)
            return try command.perform(RuntimeContext(command.program.options))
        } catch {
            return report(error, log)
        }
    }

    private static func report(_ error: any Error, _ log: RuntimeLog) -> Int32 {
        guard RuntimeProgram.exitCode(for: error) != .success else {
            _ = try? File.write(Array((RuntimeProgram.fullMessage(for: error) + "\n").utf8), to: 1)
            return 0
        }
        let isMisuse = RuntimeProgram.exitCode(for: error) == .validationFailure
        log.write(.error, isMisuse ? RuntimeProgram.message(for: error) : "\(error)")
        return 1
    }
}

/// A command of the runtime.
protocol RuntimeCommand: ParsableCommand {
    var program: RuntimeProgram { get }
    /// - Returns: the exit status.
    func perform(_ context: RuntimeContext) throws -> Int32
}

struct RuntimeProgram: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "torpor-oci",
        abstract: "Runs containers from OCI bundles.",
        version: "torpor-oci version \(TorporVersion.current)\nspec: \(SpecVersion.current)",
        subcommands: [
            CreateCommand.self, StartCommand.self, RunCommand.self, StateCommand.self, KillCommand.self,
            DeleteCommand.self, ExecCommand.self, PsCommand.self, PauseCommand.self, ResumeCommand.self,
            UpdateCommand.self, ListCommand.self, SpecCommand.self, FeaturesCommand.self,
        ])

    @OptionGroup var options: RuntimeOptions
}

/// 0, 1 and 2, which are always there.
enum StandardStreams {
    static func fill() throws(KernelError) {
        while true {
            let null = try File.open("/dev/null", flags: O_RDWR)
            if null.raw > 2 { return }
            // Kept open until the end, also by what is executed.
            _ = fcntl(null.release(), F_SETFD, 0)
        }
    }
}
