internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Core
internal import Glibc
internal import LinuxSystem
internal import NIOPosix

struct PortForward: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Reach a port inside of a function's instance from this host.",
        usage: "torpor port-forward [options] NAME [LOCAL:]REMOTE ...",
        discussion: """
            Listens on 127.0.0.1 until Ctrl-C. Each connection goes to the oldest instance that takes requests, or to \
            --instance, on any port of it, also one that listens on the container's own loopback; an instance that sleeps is \
            woken, and is kept awake as long as the connection lasts. LOCAL is REMOTE where it is not named; with an empty \
            one (:REMOTE) any port that is free.
            """)

    @OptionGroup var global: GlobalOptions
    @Option(help: "The instance, as 'torpor describe' lists them.") var instance: String?
    @Flag(help: "Refuse connections while no instance runs, instead of waking one.") var noWake = false
    /// What another host's `torpor` runs for each connection.
    @Flag(help: .hidden) var stdio = false
    @Argument(help: "NAME or NAME.NAMESPACE.", completion: Completion.functions) var name: String
    @Argument(help: "Ports: 8080, 9000:8080, or :8080.") var ports: [String]

    func run() async throws {
        let key = try FunctionArgument.parse(name).key
        let instance = try instance.map(InstanceArgument.parse)
        let ports = try ports.map { text in
            try usage("PORT") { () throws(InvalidInput) in try PortPair(text) }
        }
        let connector = PortConnector(
            function: key, instance: instance, wakes: !noWake, socket: global.socketPath,
            remote: global.remote)
        if stdio {
            guard ports.count == 1 else { throw ValidationError("--stdio: one port") }
            try await NIOThreadPool.singleton.runIfActive { try connector.join(port: ports[0].remote) }
            return
        }
        let client = global.client
        // Better said now than at the first connection.
        _ = try await Explanation.suggesting(key, client) { try await client.describe(key) }
        let context = ToolContext.current
        try await NIOThreadPool.singleton.runIfActive {
            try PortForwarder(ports, connector, context).run()
        }
    }
}

/// `9000:8080`: where is listened here, and where it leads there.
struct PortPair: Sendable, Equatable {
    /// 0 is any.
    let local: UInt16
    let remote: UInt16

    init(_ text: String) throws(InvalidInput) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let remote = UInt16(parts.last ?? "")
        let local = parts.count == 2 ? (parts[0].isEmpty ? 0 : UInt16(parts[0])) : remote
        guard parts.count <= 2, let remote, let local, remote > 0 else {
            throw InvalidInput(
                "", "'\(text.prefix(40))' is no port", allowed: "REMOTE, LOCAL:REMOTE or :REMOTE, 1 to 65535")
        }
        self.local = local
        self.remote = remote
    }
}
