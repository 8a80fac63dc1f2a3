internal import ArgumentParser
internal import Core
internal import LinuxSystem

struct ExecCommand: RuntimeCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Run a further process in a container; the exit status is the process's.")

    @ParentCommand var program: RuntimeProgram
    @OptionGroup var options: ExecOptions
    @Argument(help: "The container's id.") var id: String
    @Argument(parsing: .captureForPassthrough, help: "The program and its arguments.")
    var command: [String] = []

    func perform(_ context: RuntimeContext) throws -> Int32 {
        try ContainerExec(root: context.root).run(try options.request(id, command))
    }
}

/// What engines and people say about a further process.
struct ExecOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "File that describes the process, as config.json does.")
    var process: String?

    @Flag(name: .shortAndLong, help: "Give it a terminal.") var tty = false

    @Option(help: "Socket that the terminal's master is sent to.")
    var consoleSocket: String?

    @Flag(name: .shortAndLong, help: "Leave it running.") var detach = false

    @Option(help: "File that its number is written to.")
    var pidFile: String?

    @Option(help: "Its working directory.")
    var cwd: String?

    @Option(name: .shortAndLong, help: "A variable of its environment, NAME=value.")
    var env: [String] = []

    @Option(name: .shortAndLong, help: "Whom it runs as: UID or UID:GID.")
    var user: String?

    @Option(name: [.customShort("g"), .long], help: "A further group.")
    var additionalGids: [UInt32] = []

    @Option(name: .shortAndLong, help: "A capability that it has besides, such as CAP_KILL.")
    var cap: [String] = []

    @Flag(help: "It can gain no privileges.") var noNewPrivs = false

    @Option(help: "How many descriptors from 3 on are passed to it.")
    var preserveFds = 0

    @Option(help: "A cgroup below the container's, which it is born into.")
    var cgroup: String?

    @Flag(help: "Have it wait where the container is paused.") var ignorePaused = false

    @Option(help: "SELinux label of the process.")
    var processLabel: String?

    @Option(help: "AppArmor profile of the process.")
    var apparmor: String?

    func request(_ id: String, _ command: [String]) throws -> ExecRequest {
        // What separates the command from the options is no part of it.
        let command = command.first == "--" ? Array(command.dropFirst()) : command
        var request = ExecRequest(id: try ContainerID(id), program: try wanted(command))
        request.consoleSocket = consoleSocket
        request.pidFile = pidFile
        request.detaches = detach
        request.preserved = preserveFds
        request.cgroup = cgroup
        request.ignoresPause = ignorePaused
        return request
    }

    private func wanted(_ command: [String]) throws -> ExecRequest.Program {
        if let process {
            guard command.isEmpty else {
                throw InvalidInput(
                    "--process", "says what to run, and a command does, too", allowed: "one of them")
            }
            return .described(try TextInput.read(process))
        }
        guard !command.isEmpty else {
            throw InvalidInput("exec", "has nothing to run", allowed: "a command, or --process FILE")
        }
        var changes = ProcessChanges()
        changes.terminal = tty
        changes.cwd = cwd
        changes.environment = env
        changes.user = user
        changes.groups = additionalGids
        changes.capabilities = cap
        changes.noNewPrivileges = noNewPrivs
        changes.apparmorProfile = apparmor
        changes.selinuxLabel = processLabel
        return .command(command, changes)
    }
}

/// A file that a command is given, where `-` is standard input.
enum TextInput {
    static func read(_ path: String) throws(KernelError) -> [UInt8] {
        if path == "-" {
            return try File.readAll(0, limit: Limits.ociConfigBytes, subject: "standard input")
        }
        return try File.read(path, limit: Limits.ociConfigBytes)
    }
}
