internal import Core
internal import Logging

/// The reference of `torpord.yaml` as Markdown: docs/configuration.md.
package enum ConfigurationReference {
    package static func text() -> String {
        let defaults = Configuration()
        var text = """
            # torpord.yaml

            Made by `torpord --reference`. The daemon reads `\(ConfigurationFile.defaultPath)`, or the file that `--config` names: a
            flat map, owned by root and writable by nobody else. Each setting comes from the first of: the command line, the
            environment, the file, the default. `torpor config check` tells what is wrong with it, with the line.

            ```yaml
            \(ConfigurationSetting.allCases.map { "\($0.rawValue): \($0.example)" }.joined(separator: "\n"))
            ```

            | key | takes | default | what it does | elsewhere | a reload |
            | --- | --- | --- | --- | --- | --- |

            """
        for setting in ConfigurationSetting.allCases {
            let fallback = setting.text(in: defaults)
            let elsewhere = [setting.option, setting.variable].compactMap { $0.map { "`\($0)`" } }
            let cells = [
                "`\(setting.rawValue)`", setting.takes, fallback.isEmpty ? "none" : "`\(fallback)`",
                setting.summary,
                elsewhere.isEmpty ? "–" : elsewhere.joined(separator: ", "), setting.reload,
            ]
            text += "| " + cells.joined(separator: " | ") + " |\n"
        }
        return text + """

            `systemctl reload torpord`, `torpor system reload` or SIGHUP reads it again and tells of each setting that differs
            whether it is in force now or needs a restart. Of a file that is wrong nothing is taken: the old configuration stays
            in force, and the error is told by the command, the log and `systemctl status`.

            """
    }
}

// What people are told of each setting.
extension ConfigurationSetting {
    fileprivate var takes: String {
        switch self {
        case .stateDir, .runDir: "an absolute path of at most 80 bytes"
        case .listen, .adminListen: "a numeric address and a port; `:8080` is every address"
        case .bridge: "the name of an interface that is not there yet"
        case .subnet: "IPv4 in CIDR form"
        case .uidBase: "65536 to 4294836224"
        case .domain: "DNS labels joined by dots"
        case .limits: Self.words(Configuration.LimitEnforcement.allCases.map(\.rawValue))
        case .logLevel: Self.words(Logger.Level.allCases.map(\.rawValue))
        case .gatewayThreads: "0 to 256"
        case .bindVolumes: "a list of at most \(Limits.bindDirectories) absolute paths"
        case .allow: "`binds` and `devices`, each a list like that one; devices are below `/dev`"
        }
    }

    private static func words(_ words: [String]) -> String { words.map { "`\($0)`" }.joined(separator: ", ") }

    fileprivate var summary: String {
        switch self {
        case .stateDir: "Where functions, their content, volumes, secrets and logs are kept."
        case .runDir: "Where the control socket is; a directory of its own."
        case .listen:
            "Where the gateway listens; where systemd passes a socket, `torpor.socket` decides that."
        case .adminListen:
            "Where `/metrics` and the rest of the platform's paths are; none is the gateway's own address."
        case .bridge:
            "The bridge that instances are connected to; names of cgroups, nftables tables and interfaces derive from it."
        case .subnet: "The instances' addresses: the bridge has the first, each instance one of the others."
        case .uidBase: "The first of the host's uids and gids that functions have, 65,536 each."
        case .domain: "The domain of host names `NAME.NAMESPACE.DOMAIN` that lead to functions."
        case .limits:
            "What becomes of a limit that a manifest names and this host cannot enforce: the deploy is refused, or "
                + "accepted with a warning in `torpor describe`."
        case .logLevel: "From which level on the daemon logs."
        case .gatewayThreads: "Threads that serve requests; 0 is one per processor."
        case .bindVolumes: "Directories of the host at or below which functions may have volumes."
        case .allow:
            "What bundles may have of the host: `binds`, directories at or below which `mounts` may bind (as those of "
                + "`bind-volumes`, and the other way), and `devices` for `linux.devices`."
        }
    }

    fileprivate var example: String {
        switch self {
        case .stateDir: "/srv/torpor"
        case .runDir: "/run/torpor"
        case .listen: "0.0.0.0:8080"
        case .adminListen: "127.0.0.1:9090"
        case .bridge: "torpor0"
        case .subnet: "10.62.0.0/16"
        case .uidBase: "1879048192"
        case .domain: "functions.example.org"
        case .limits: "besteffort"
        case .logLevel: "debug"
        case .gatewayThreads: "2"
        case .bindVolumes: "[/srv/shared, /mnt/media]"
        case .allow: "{devices: [/dev/ttyUSB0], binds: [/srv/models]}"
        }
    }

    /// What a reload does with a change.
    fileprivate var reload: String {
        guard isLive else { return "needs a restart" }
        return switch self {
        case .limits: "holds for deploys from then on, and after a restart for all"
        case .bindVolumes, .allow: "holds for deploys and starts from then on"
        default: "at once"
        }
    }

    fileprivate var option: String? {
        switch self {
        case .domain, .limits, .gatewayThreads, .bindVolumes, .allow: nil
        default: "--\(rawValue)"
        }
    }
}
