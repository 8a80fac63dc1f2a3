internal import ArgumentParser

/// What stands before the command, as engines write it.
struct RuntimeOptions: ParsableArguments {
    @Option(help: "Directory for the state of containers, on a file system that a reboot empties.")
    var root: String?

    @Option(help: "File that errors and warnings are added to.")
    var log: String?

    @Option(help: "How they are written there: text or json.")
    var logFormat: LogFormat = .text

    @Option(help: "The least that is logged: error, warning, info or debug.")
    var logLevel: LogLevel?

    @Flag(help: "Log everything.")
    var debug = false

    @Option(help: "Who makes cgroups: cgroupfs, systemd or disabled.")
    var cgroupManager: String?

    @Flag(help: "The same as --cgroup-manager systemd.")
    var systemdCgroup = false

    @Option(help: "Accepted for other runtimes' sake (true, false or auto): the runtime looks for itself.")
    var rootless: RootlessChoice?
}

enum RootlessChoice: String, ExpressibleByArgument, CaseIterable { case `true`, `false`, auto }

extension LogFormat: ExpressibleByArgument {}
extension LogLevel: ExpressibleByArgument {
    init?(argument: String) {
        guard let level = LogLevel(name: argument) else { return nil }
        self = level
    }
}
