internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Core
internal import Glibc
internal import NIOPosix

struct Copy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cp",
        abstract: "Copy files into or out of a running instance of a function.",
        usage: """
            torpor cp [options] SOURCE FUNCTION:PATH
            torpor cp [options] FUNCTION:PATH DESTINATION
            """,
        discussion: """
            A directory is copied with all that is in it, DIRECTORY/. is what it has without itself. What is copied into a \
            directory that is there keeps its name; else it becomes DESTINATION, whose parent must be there. Modes, times and \
            symbolic links are kept; links are copied, not followed; sockets, devices and named pipes are left out. With - in \
            place of a local path a tar archive is read from standard input, or written to standard output. A local name with \
            a colon is written ./a:b.

            Inside, files are read and made by the function's own user, with its limits. They go into the instance's own \
            layer: they are gone with the instance, and no other instance has them. What is to stay belongs into a volume, or \
            into a deploy. Without --instance it is the oldest instance that takes requests, which is woken if it sleeps.
            """)

    @OptionGroup var global: GlobalOptions
    @Flag(name: [.short, .long], help: "Keep users and groups, by their numbers.") var archive = false
    @Flag(
        name: [.customShort("L"), .long],
        help: "Where SOURCE is a symbolic link, copy what it names.") var followLink = false
    @Option(
        name: [.short, .long],
        help: "USER[:GROUP] inside of the container: names of the image, or numbers.") var user: String?
    @Option(help: "The instance, as 'torpor describe' lists them.") var instance: String?
    @Flag(help: "Fail where no instance runs, instead of waking one.") var noWake = false
    /// What another host's `torpor` is told of the one file or directory that its streams carry.
    @Option(help: .hidden) var stream: String?
    @Argument(help: "A local path, FUNCTION:PATH, or -.", completion: Completion.copyPlaces) var source:
        String
    @Argument(help: "FUNCTION:PATH, a local path, or -.", completion: Completion.copyPlaces)
    var destination: String

    func run() async throws {
        let plan = try plan()
        if let remote = global.remote, case .stream = plan.local {
            try remote.runHere(
                ["cp"] + options + [plan.isInto ? "-" : plan.place, plan.isInto ? plan.place : "-"],
                onTerminal: false)
        }
        let (context, client) = (ToolContext.current, global.client)
        let (socket, remote, options) = (global.socketPath, global.remote, options)
        let what = "copying \(plan.isInto ? "to" : "from") \(plan.label)"
        let report = try await Progress.during(what) { progress in
            try await Explanation.suggesting(plan.request.function, client) {
                // Copying blocks: on NIO's thread pool.
                try await NIOThreadPool.singleton.runIfActive {
                    try CopyRun(plan, progressing: { progress.update("\(what): \(Size.text($0))") })
                        .run(remote: remote, options: options, socket: socket)
                }
            }
        }
        // To the other host's torpor, that is to be told why, an archive that breaks off is a matter of its writer's.
        let lines = stream != nil && report.isBrokenOff ? [] : report.lines
        for line in lines { context.errorOutput("torpor: \(line)\n") }
        // Between two torpors an archive that broke off has a status of its own.
        if report.status != 0 { throw ExitCode(stream == nil ? 1 : report.status) }
    }

    private func plan() throws -> CopyPlan {
        let (from, to) = (try CopyPlace(source, "SOURCE"), try CopyPlace(destination, "DESTINATION"))
        let context = ToolContext.current
        switch (from, to) {
        case (let local, .function(let function, let path)) where !local.isFunction:
            if case .stream = local, context.inputIsTerminal() {
                throw ValidationError("-: standard input is a terminal: a tar archive is to be read from it")
            }
            if case .path(let path) = local { try Self.checkIsThere(path, followLink) }
            return try plan(.into, local, function, path, name: local.name)
        case (.function(let function, let path), let local) where !local.isFunction:
            if case .stream = local, context.terminalWidth() != nil {
                throw ValidationError("-: standard output is a terminal, and takes no tar archive")
            }
            return try plan(.from, local, function, path, name: CopyPlace.lastName(path))
        case (.function, .function):
            throw ValidationError(
                "files go in or out: torpor cp \(source) - | torpor cp - \(destination)")
        default:
            throw ValidationError("one of the two must be FUNCTION:PATH, such as hello:/tmp")
        }
    }

    /// - Parameter name: what one file or directory that is copied is called; nil where any archive comes in.
    private func plan(
        _ direction: CopyRequest.Direction, _ local: CopyPlace, _ function: String, _ path: String,
        name: String?
    ) throws -> CopyPlan {
        let key = try FunctionArgument.parse(function).key
        // In an archive for somebody else, a directory has its name.
        let isArchive = if case .stream = local { true } else { false }
        let told = stream ?? (direction == .into || isArchive ? name : ".")
        let request = AttachRequest(
            key, instance: try instance.map(InstanceArgument.parse), wake: !noWake,
            .copy(
                CopyRequest(
                    direction, path: path, name: told, user: user, keepsOwners: archive,
                    followsLink: followLink)))
        do { try request.validate() } catch { throw ValidationError(error.description) }
        return CopyPlan(
            request: request, local: local, isInto: direction == .into, name: name ?? ".", path: path,
            followsLink: followLink, keepsOwners: archive)
    }

    /// Better said before anybody is woken.
    private static func checkIsThere(_ path: String, _ follows: Bool) throws {
        var status = stat()
        guard (follows ? stat(path, &status) : lstat(path, &status)) == 0 else {
            throw ToolFailure("\(path): \(String(cString: strerror(errno)).lowercased())")
        }
    }

    /// The same for the other host's torpor.
    private var options: [String] {
        var options: [String] = []
        if archive { options.append("--archive") }
        if followLink { options.append("--follow-link") }
        if noWake { options.append("--no-wake") }
        for (option, value) in [("--user", user), ("--instance", instance)] {
            if let value { options.append("\(option)=\(value)") }
        }
        return options
    }
}
