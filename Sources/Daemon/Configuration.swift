package import Core
package import Logging

/// What `torpord` runs with. Each value comes from the first of: command line, environment, configuration file, default.
package struct Configuration: Sendable, Equatable {
    /// What happens to a limit that a manifest names and this host cannot enforce.
    package enum LimitEnforcement: String, Sendable, CaseIterable {
        /// The deploy is refused.
        case strict
        /// The deploy is accepted, with a warning in the function's status.
        case besteffort
    }

    package var stateDirectory = "/var/lib/torpor"
    package var runDirectory = "/run/torpor"
    package var listen = ListenAddress(host: "127.0.0.1", port: 8080)
    /// Where `/metrics` and the rest of the platform's paths are served; nil is on the gateway's own address.
    package var adminListen: ListenAddress?
    package var bridge = "torpor0"
    /// IPv4 in CIDR form: the bridge has its first address, each slot one of the others.
    package var subnet = "10.62.0.0/16"
    /// The first of the uids and gids of the host that functions have, 65,536 each.
    package var uidBase = 1_879_048_192
    /// The domain of host names `NAME.NAMESPACE.DOMAIN`.
    package var domain = "torpor.internal"
    package var limits = LimitEnforcement.strict
    package var logLevel = Logger.Level.info
    /// Directories of the host below which functions may have volumes.
    package var bindVolumes: [String] = []
    /// What of the host bundles may ask for besides.
    package var allow = Allowance()
    /// Threads that serve requests; 0 is one per processor.
    package var gatewayThreads = 0

    package init() {}

    package var socketPath: String { "\(runDirectory)/torpor.sock" }
    package var attachSocketPath: String { "\(runDirectory)/attach.sock" }
    package var databasePath: String { "\(stateDirectory)/torpor.db" }
    package var imageDirectory: String { "\(stateDirectory)/images" }
    /// The password of `admin` for the platform's own paths; made at first start.
    package var adminPasswordPath: String { "\(stateDirectory)/admin-password" }
    package var volumeDirectory: String { "\(stateDirectory)/volumes" }
    package var secretDirectory: String { "\(stateDirectory)/secrets" }
    package var logDirectory: String { "\(stateDirectory)/logs" }
}

/// What of the host bundles of functions may have: `allow`.
package struct Allowance: Sendable, Equatable {
    /// Directories and files, at or below which.
    package var binds: [String] = []
    /// Device nodes.
    package var devices: [String] = []

    /// A line for each, as the setting is told: `devices /dev/ttyUSB0`.
    var lines: [String] { binds.map { "binds " + $0 } + devices.map { "devices " + $0 } }
}

/// Where the gateway listens: a numeric address and a port; port 0 is any free one.
package struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
    package var host: String
    package var port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `127.0.0.1:8080`, `[::1]:8080`, or `:8080` for every address.
    package init(parsing text: String) throws(InvalidInput) {
        let problem = InvalidInput(
            "", "'\(text.prefix(80))' is not an address to listen on",
            allowed: "such as 127.0.0.1:8080, [::1]:8080 or :8080")
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65535).contains(port)
        else { throw problem }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            throw problem
        }
        guard host.allSatisfy({ $0.isHexDigit || $0 == "." || $0 == ":" }) else { throw problem }
        self.init(host: host.isEmpty ? "0.0.0.0" : host, port: port)
    }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
