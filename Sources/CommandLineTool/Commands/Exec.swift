internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Core
internal import Glibc
internal import LinuxSystem
internal import NIOPosix

struct Exec: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a command inside a running instance of a function.",
        usage: "torpor exec [-it] [options] NAME -- COMMAND ...",
        discussion: """
            The command has the function's namespaces, limits, variables, user and system call filter. Without --instance it \
            runs in the oldest instance that takes requests, which is woken if it sleeps, as a request would; while it runs, \
            the instance is neither frozen nor stopped for idleness. With -t the terminal is passed on as it is: its size, \
            Ctrl-C, colours. When the terminal goes, the command gets SIGHUP, and SIGKILL two seconds later.

            Exit status: the command's own, 128 and the signal's number, 126 when it cannot be executed, 127 when it is not \
            there, 125 when Torpor itself failed or the instance was stopped.
            """)

    @OptionGroup var global: GlobalOptions
    @Flag(name: [.short, .customLong("interactive")], help: "Pass standard input on.") var interactive = false
    @Flag(name: [.short, .customLong("tty")], help: "Give the command a terminal.") var tty = false
    @Option(
        name: [.short, .long], help: "An environment variable K=V, or K to pass one on; may be repeated.")
    var env: [String] = []
    @Option(name: [.short, .long], help: "USER[:GROUP]: names of the image, or numbers.") var user: String?
    @Option(name: [.short, .customLong("workdir")], help: "The directory that the command begins in.")
    var workdir: String?
    @Option(help: "The instance, as 'torpor describe' lists them.") var instance: String?
    @Flag(help: "Fail where no instance runs, instead of waking one.") var noWake = false
    @Argument(help: "NAME or NAME.NAMESPACE.", completion: Completion.functions) var name: String
    @Argument(parsing: .postTerminator, help: "The command to run.") var command: [String] = []

    func run() async throws {
        let request = try request()
        if let remote = global.remote {
            try remote.runHere(remoteArguments(request), onTerminal: tty)
        }
        if tty, interactive, isatty(0) == 0 {
            throw ValidationError("-t: standard input is no terminal; leave -t away, or -i")
        }
        let socket = global.socketPath
        let end: AttachEnd
        do {
            end = try await Explanation.suggesting(request.function, global.client) {
                // Copying blocks: on NIO's thread pool.
                try await NIOThreadPool.singleton.runIfActive {
                    try Self.perform(request, socket, isInteractive: interactive)
                }
            }
        } catch let error as ToolFailure {
            throw ToolFailure(error.description, status: Int32(AttachEnd.lost))
        } catch let error as ClientError {
            throw ToolFailure(Explanation.text(of: error), status: Int32(AttachEnd.lost))
        }
        if let message = end.message { ToolContext.current.errorOutput("torpor: \(message)\n") }
        if end.status != 0 { throw ExitCode(Int32(truncatingIfNeeded: end.status)) }
    }

    private static func perform(
        _ request: AttachRequest, _ socket: String, isInteractive: Bool
    ) throws -> AttachEnd {
        let session = try AttachClient(controlSocket: socket).attach(request)
        guard case .exec(let exec) = request.purpose else { preconditionFailure("exec asks for a process") }
        var relay = try ProcessRelay(
            session, onTerminal: exec.terminal != nil, passesInput: isInteractive)
        return try relay.run()
    }

    private func request() throws -> AttachRequest {
        let size = TerminalDevice.size(of: 0) ?? TerminalDevice.size(of: 1)
        let exec = ExecRequest(
            command: command, environment: try variables(), user: user, directory: workdir,
            input: interactive,
            terminal: tty
                ? ExecRequest.Terminal(rows: Int(size?.rows ?? 24), columns: Int(size?.columns ?? 80)) : nil)
        let request = AttachRequest(
            try FunctionArgument.parse(name).key, instance: try instance.map(InstanceArgument.parse),
            wake: !noWake, .exec(exec))
        do { try request.validate() } catch {
            throw ValidationError(
                error.path == "exec.command"
                    ? "no command is given: torpor exec \(name) -- COMMAND"
                    : error.description)
        }
        return request
    }

    private func variables() throws -> [String] {
        let context = ToolContext.current
        var variables: [String] = []
        if tty, let terminal = context.variable("TERM") { variables.append("TERM=\(terminal)") }
        for entry in env {
            if entry.contains("=") {
                variables.append(entry)
            } else if let value = context.environment[entry] {
                variables.append("\(entry)=\(value)")
            }
        }
        return variables
    }

    /// The same command for the other host's torpor.
    private func remoteArguments(_ request: AttachRequest) throws -> [String] {
        guard case .exec(let exec) = request.purpose else { return [] }
        var arguments = ["exec"]
        if interactive { arguments.append("-i") }
        if tty { arguments.append("-t") }
        if noWake { arguments.append("--no-wake") }
        for variable in exec.environment where !variable.hasPrefix("TERM=") {
            arguments += ["--env", variable]
        }
        for (option, value) in [("--user", user), ("--workdir", workdir), ("--instance", instance)] {
            if let value { arguments += [option, value] }
        }
        return arguments + [request.function.description, "--"] + exec.command
    }
}

/// An instance's id as an argument.
enum InstanceArgument {
    static func parse(_ text: String) throws -> InstanceID {
        guard let id = InstanceID(text) else {
            throw ValidationError(
                "--instance: '\(text.prefix(40))' is no instance (twelve hexadecimal digits, see torpor describe)"
            )
        }
        return id
    }
}
