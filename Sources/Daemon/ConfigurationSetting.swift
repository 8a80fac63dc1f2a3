package import Core
internal import Logging
internal import Networking

/// The settings of `torpord`, by the key of `torpord.yaml`: what each takes and where it goes. The command line and the
/// environment set the same ones.
package enum ConfigurationSetting: String, CaseIterable, Sendable {
    case stateDir = "state-dir"
    case runDir = "run-dir"
    case listen
    case adminListen = "admin-listen"
    case bridge
    case subnet
    case uidBase = "uid-base"
    case domain
    case limits
    case logLevel = "log-level"
    case gatewayThreads = "gateway-threads"
    case bindVolumes = "bind-volumes"
    case allow

    /// The environment variable that overrides the file, where there is one.
    package var variable: String? {
        switch self {
        case .stateDir: "TORPOR_STATE_DIR"
        case .runDir: "TORPOR_RUN_DIR"
        case .listen: "TORPOR_LISTEN"
        default: nil
        }
    }

    /// Whether a reload brings a change into force; any other needs a restart.
    package var isLive: Bool { [.logLevel, .limits, .bindVolumes, .allow].contains(self) }

    /// The value in force, as the file would say it.
    package func text(in configuration: Configuration) -> String {
        switch self {
        case .stateDir: configuration.stateDirectory
        case .runDir: configuration.runDirectory
        case .listen: "\(configuration.listen)"
        case .adminListen: configuration.adminListen.map { "\($0)" } ?? "none"
        case .bridge: configuration.bridge
        case .subnet: configuration.subnet
        case .uidBase: "\(configuration.uidBase)"
        case .domain: configuration.domain
        case .limits: configuration.limits.rawValue
        case .logLevel: configuration.logLevel.rawValue
        case .gatewayThreads: "\(configuration.gatewayThreads)"
        case .bindVolumes: configuration.bindVolumes.joined(separator: "\n")
        case .allow: configuration.allow.lines.joined(separator: "\n")
        }
    }

    /// - Throws: `InvalidInput` that names the key, the value and what is allowed; the caller adds where it stood.
    package func apply(_ value: String, to configuration: inout Configuration) throws(InvalidInput) {
        do {
            try set(value, &configuration)
        } catch {
            throw error.inside(rawValue)
        }
    }

    private func set(_ value: String, _ configuration: inout Configuration) throws(InvalidInput) {
        switch self {
        case .stateDir: configuration.stateDirectory = try Self.directory(value)
        case .runDir: configuration.runDirectory = try Self.directory(value)
        case .listen: configuration.listen = try ListenAddress(parsing: value)
        case .adminListen: configuration.adminListen = try ListenAddress(parsing: value)
        case .bridge: configuration.bridge = try Self.interface(value)
        case .subnet:
            configuration.subnet = try Self.checked { () throws(InvalidInput) in
                try IPv4Subnet(parsing: value).description
            }
        case .uidBase: configuration.uidBase = try Self.number(value, 65_536...4_294_836_224)
        case .domain: configuration.domain = try Self.domain(value)
        case .limits: configuration.limits = try Self.choice(value)
        case .logLevel: configuration.logLevel = try Self.choice(value)
        case .gatewayThreads: configuration.gatewayThreads = try Self.number(value, 0...256)
        case .bindVolumes: configuration.bindVolumes = try Self.directories(value)
        case .allow: configuration.allow = try Self.allowance(value)
        }
    }

    private static func directory(_ text: String) throws(InvalidInput) -> String {
        let path = text.count > 1 && text.hasSuffix("/") ? String(text.dropLast()) : text
        // Room for the socket's path, which sun_path bounds to 107 bytes (unix(7)).
        guard path.hasPrefix("/"), path != "/", path.utf8.count <= 80, !path.contains("/../") else {
            throw InvalidInput(
                "", "'\(text.prefix(100))' is no directory for it",
                allowed: "an absolute path, at most 80 bytes")
        }
        return path
    }

    /// One per line, as the file's list has them.
    private static func directories(_ text: String) throws(InvalidInput) -> [String] {
        let paths = text.split(separator: "\n").map(String.init)
        for path in paths {
            do { try ContainerPath.check(path) } catch {
                throw InvalidInput("", error.problem, allowed: error.allowed)
            }
        }
        guard paths.count <= Limits.bindDirectories else {
            throw InvalidInput(
                "", "\(paths.count) directories", allowed: "at most \(Limits.bindDirectories)")
        }
        return paths
    }

    /// A kind and a path in each line.
    private static func allowance(_ text: String) throws(InvalidInput) -> Allowance {
        var paths: [String: [String]] = ["binds": [], "devices": []]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
            guard parts.count == 2, paths[parts[0]] != nil else {
                throw InvalidInput(
                    "", "'\(line.prefix(80))' is nothing to allow",
                    allowed: "{binds: [paths], devices: [paths]}")
            }
            paths[parts[0]]?.append(parts[1])
        }
        let devices = try directories((paths["devices"] ?? []).joined(separator: "\n"))
        if let wrong = devices.first(where: { !$0.hasPrefix("/dev/") }) {
            throw InvalidInput(
                "", "'\(wrong.prefix(80))' is no path of a device", allowed: "a path below /dev")
        }
        return Allowance(
            binds: try directories((paths["binds"] ?? []).joined(separator: "\n")), devices: devices)
    }

    private static func interface(_ text: String) throws(InvalidInput) -> String {
        try checked { () throws(InvalidInput) in
            _ = try BridgeNames(bridge: text)
            return text
        }
    }

    /// The adapter's own rule, told for the setting.
    private static func checked(_ rule: () throws(InvalidInput) -> String) throws(InvalidInput) -> String {
        do {
            return try rule()
        } catch {
            throw InvalidInput("", error.problem, allowed: error.allowed)
        }
    }

    private static func number(_ text: String, _ range: ClosedRange<Int>) throws(InvalidInput) -> Int {
        guard let value = Int(text), range.contains(value) else {
            throw InvalidInput(
                "", "'\(text.prefix(40))' is out of range",
                allowed: "\(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    private static func domain(_ text: String) throws(InvalidInput) -> String {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        for label in labels {
            guard (try? NamespaceName(String(label))) != nil else {
                throw InvalidInput(
                    "", "'\(text.prefix(80))' is no domain", allowed: "DNS labels joined by dots")
            }
        }
        return text
    }

    private static func choice<T: RawRepresentable & CaseIterable>(_ text: String) throws(InvalidInput) -> T
    where T.RawValue == String {
        guard let value = T(rawValue: text) else {
            throw InvalidInput(
                "", "'\(text.prefix(40))' is not known",
                allowed: T.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return value
    }
}
