internal import ControlAPI
internal import Core
internal import NameService
internal import Networking

/// How functions come by names: they ask the daemon, which asks the host's servers; where it cannot answer them, they ask
/// those servers themselves that they reach.
struct FunctionNames: Sendable, Equatable {
    enum Service: Sendable, Equatable {
        case answered(at: String)
        case notAnswered(reason: String)
    }

    let service: Service
    private let configuration: ResolverConfiguration

    /// Reads the host's configuration. Blocks for a moment: small local files.
    init(_ service: Service) {
        self.service = service
        switch service {
        case .answered: configuration = .ofHostItself()
        case .notAnswered: configuration = .ofHost()
        }
    }

    /// The function's /etc/resolv.conf.
    var file: [UInt8] {
        switch service {
        case .answered(let address): configuration.bytes(servers: [address])
        case .notAnswered: configuration.bytes
        }
    }

    /// Whom the daemon asks: as the C library does, the host itself where nobody is named (resolv.conf(5)).
    var servers: NameServers {
        NameServers(asked, timeout: configuration.timeout)
    }

    private var asked: [String] {
        let others = configuration.hostServers.filter { service != .answered(at: $0) }
        return others.isEmpty ? ["127.0.0.1"] : others
    }

    /// Whom functions ask at link-local addresses, which they do not reach otherwise.
    var linkLocalServers: [String] {
        if case .notAnswered = service { configuration.linkLocalServers } else { [] }
    }

    /// As `torpor system check` tells it, and the log what is not as it should be.
    var check: CheckItem {
        let source = configuration.source
        switch service {
        case .answered(let address):
            let text = "\(asked.joined(separator: ", ")), asked by torpord for functions, at \(address)"
            guard configuration.hostServers.isEmpty else {
                return CheckItem(name: "name servers", status: .ok, detail: "\(text); of \(source)")
            }
            return CheckItem(
                name: "name servers", status: .warning, detail: "\(text), since \(source) names none",
                costs: "functions resolve no names, unless this host has a name server of its own",
                mend: "name one in \(source)")
        case .notAnswered(let reason):
            let servers = configuration.nameServers.joined(separator: ", ")
            let instead = configuration.problem ?? "functions ask \(servers) themselves"
            return CheckItem(
                name: "name servers", status: .warning, detail: "\(reason); \(instead)",
                costs: configuration.problem == nil
                    ? "functions do not find each other by name; what `egress:` lists must have a name server"
                    : "functions resolve no names",
                mend: "free port 53 there (ss -lnptu 'sport = :53' shows who has it), and restart torpord")
        }
    }
}
