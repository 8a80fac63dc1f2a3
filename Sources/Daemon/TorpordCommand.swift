package import ArgumentParser
internal import ControlAPI
package import Core
internal import FoundationEssentials
internal import LinuxSystem

/// The command line of `torpord`.
package struct TorpordCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "torpord",
        abstract: "The Torpor daemon: functions that sleep until somebody calls them.",
        discussion: """
            Runs in the foreground until SIGTERM or SIGINT, then drains and exits 0. Each setting comes from the first
            of: this command line, the environment (TORPOR_STATE_DIR, TORPOR_RUN_DIR, TORPOR_LISTEN), torpord.yaml.
            """,
        version: TorporVersion.current)

    @Option(help: "The configuration file.")
    var config: String?
    @Option(help: "Where functions and their content are kept (default: /var/lib/torpor).")
    var stateDir: String?
    @Option(help: "Where the control socket is (default: /run/torpor).")
    var runDir: String?
    @Option(help: "Where the gateway listens (default: 127.0.0.1:8080).")
    var listen: String?
    @Option(help: "Where /metrics is served (default: on the gateway's own address).")
    var adminListen: String?
    @Option(
        help:
            "The bridge that instances are connected to; names of cgroups and tables derive from it (default: torpor0)."
    )
    var bridge: String?
    @Option(help: "The instances' IPv4 subnet (default: 10.62.0.0/16).")
    var subnet: String?
    @Option(help: "The first of the host's ids that functions have, 65,536 each (default: 1879048192).")
    var uidBase: String?
    @Option(help: "trace, debug, info, notice, warning, error or critical (default: info).")
    var logLevel: String?

    @Flag(help: "Check the configuration, tell what is wrong with it, and do not start.")
    var checkConfig = false
    @Flag(
        help:
            "Check what torpord needs of its host, tell it as JSON (torpor system check shows it), and do not start; 1 when something is missing."
    )
    var checkHost = false

    @Flag(help: "Write the reference of torpord.yaml as Markdown, and do not start.")
    var reference = false

    package init() {}

    /// The whole program.
    package static func start() async { await main() }

    package func run() async throws {
        // Begins anew after a restore, in the same process: whoever supervises it notices nothing.
        while try await runOnce() {}
    }

    private func runOnce() async throws -> Bool {
        if reference {
            try File.write(Array(ConfigurationReference.text().utf8), to: 1)
            return false
        }
        let configuration: Configuration
        do {
            configuration = try resolve(environment: ProcessEnvironment.all)
        } catch {
            throw ExitWith.message("torpord: \(error)", code: 2)
        }
        if checkConfig { return false }
        if checkHost {
            let checks = await HostChecks.withoutDaemon(configuration)
            try File.write(Array(ControlCoding.encode(CheckList(checks: checks))) + [10], to: 1)
            if checks.contains(where: { $0.status == .missing }) { throw ExitCode(1) }
            return false
        }
        do {
            let command = self
            return try await Daemon(configuration: configuration) {
                try command.resolve(environment: ProcessEnvironment.all)
            }.run()
        } catch {
            throw ExitWith.message("torpord: \(error)", code: 1)
        }
    }

    package func resolve(environment: [String: String]) throws(InvalidInput) -> Configuration {
        let path = config ?? ConfigurationFile.defaultPath
        let file = try ConfigurationFile.read(path, required: config != nil)
        var result = Configuration()
        for setting in ConfigurationSetting.allCases {
            if let value = option(setting) {
                do {
                    try setting.apply(value, to: &result)
                } catch {
                    throw InvalidInput("--\(error.path)", error.problem, allowed: error.allowed)
                }
            } else if let variable = setting.variable, let value = environment[variable] {
                do {
                    try setting.apply(value, to: &result)
                } catch {
                    throw InvalidInput(variable, error.problem, allowed: error.allowed)
                }
            } else if let value = file[setting] {
                try setting.apply(value, to: &result)
            }
        }
        return result
    }

    private func option(_ setting: ConfigurationSetting) -> String? {
        switch setting {
        case .stateDir: stateDir
        case .runDir: runDir
        case .listen: listen
        case .adminListen: adminListen
        case .bridge: bridge
        case .subnet: subnet
        case .uidBase: uidBase
        case .logLevel: logLevel
        case .domain, .limits, .gatewayThreads, .bindVolumes, .allow: nil
        }
    }
}
