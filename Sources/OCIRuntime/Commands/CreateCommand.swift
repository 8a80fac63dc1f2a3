internal import ArgumentParser
internal import Core
internal import Glibc
internal import LinuxSystem

/// What `create` and `run` have in common.
struct CreateOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "Directory of the bundle; by default the current one.")
    var bundle: String?

    @Option(name: [.customShort("f"), .long], help: "Another configuration than the bundle's config.json.")
    var config: String?

    @Option(help: "File that the first process's number is written to.")
    var pidFile: String?

    @Option(help: "Socket that the terminal's master is sent to.")
    var consoleSocket: String?

    @Flag(help: "Move the root file system instead of pivoting to it, as in a ramdisk.")
    var noPivot = false

    @Flag(help: "Keep the caller's session keyring.")
    var noNewKeyring = false

    @Option(help: "How many descriptors from 3 on are passed to the program.")
    var preserveFds = 0

    func request(_ id: String) throws -> CreateRequest {
        var request = CreateRequest(id: try ContainerID(id), bundle: bundle ?? ".")
        request.configuration = config
        request.pidFile = pidFile
        request.consoleSocket = consoleSocket
        request.movesRoot = noPivot
        request.keepsKeyring = noNewKeyring
        request.preserved = preserveFds
        return request
    }
}

struct CreateCommand: RuntimeCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a container, whose program then waits for start.")

    @ParentCommand var program: RuntimeProgram
    @OptionGroup var options: CreateOptions
    @Argument(help: "The container's id, which no other has.") var id: String

    func perform(_ context: RuntimeContext) throws -> Int32 {
        _ = try ContainerMaker(root: context.root, manager: context.manager, warn: context.warn)
            .make(try options.request(id))
        return 0
    }
}

struct RunCommand: RuntimeCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Make a container and start it; the exit status is its program's.")

    @ParentCommand var program: RuntimeProgram
    @OptionGroup var options: CreateOptions
    @Flag(name: .shortAndLong, help: "Leave it running.") var detach = false
    @Flag(help: "Keep its state when it has ended.") var keep = false
    @Argument(help: "The container's id, which no other has.") var id: String

    func perform(_ context: RuntimeContext) throws -> Int32 {
        try ContainerRunner(root: context.root, manager: context.manager, warn: context.warn)
            .run(try options.request(id), detaches: detach, keeps: keep)
    }
}
