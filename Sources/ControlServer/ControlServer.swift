package import ControlAPI
internal import Core
internal import Hummingbird
internal import HummingbirdCore
package import Logging
internal import NIOCore
internal import ServiceLifecycle
internal import Synchronization

/// The control API on a unix socket, until graceful shutdown: requests in progress then finish, followed logs
/// end.
///
/// An existing socket file is removed first, so the daemon must hold its lock before this runs: otherwise a
/// second daemon takes the first one's socket.
package struct ControlServer: Service {
    private let backend: any ControlBackend
    private let socket: ControlSocket
    private let logger: Logger
    private let idleTimeout: Duration
    private let serving: @Sendable () async -> Void

    /// - Parameter serving: called once the socket accepts connections.
    package init(
        backend: any ControlBackend, socket: ControlSocket, logger: Logger,
        idleTimeout: Duration = Limits.controlIdleTimeout, serving: @escaping @Sendable () async -> Void = {}
    ) {
        self.backend = backend
        self.socket = socket
        self.logger = logger
        self.idleTimeout = idleTimeout
        self.serving = serving
    }

    /// - Throws: `ControlSocketError` when the socket cannot be made or given its group and mode.
    package func run() async throws {
        try socket.prepareDirectory()
        let failure = FirstFailure()
        let application = Application(
            responder: ControlResponder(backend: backend),
            server: .http1(configuration: .init(idleTimeout: .nanoseconds(idleTimeout.nanoseconds))),
            configuration: ApplicationConfiguration(
                address: .unixDomainSocket(path: socket.path),
                // By which a client that knows more than this daemon tells its user so.
                serverName: TorporVersion.serverPrefix + TorporVersion.current,
                availableConnectionsDelegate: MaximumAvailableConnections(
                    Limits.controlConnections, logger: logger)),
            onServerRunning: { channel in
                do throws(ControlSocketError) {
                    try socket.restrict()
                } catch {
                    failure.set(error)
                    return channel.close(promise: nil)
                }
                await serving()
            },
            logger: logger)
        do {
            try await application.run()
        } catch {
            throw failure.value ?? socket.problem("cannot listen", error)
        }
        if let error = failure.value { throw error }
    }
}

/// What made the server give up, told from the callback to `run`.
private final class FirstFailure: Sendable {
    private let stored = Mutex<ControlSocketError?>(nil)
    var value: ControlSocketError? { stored.withLock { $0 } }
    func set(_ error: ControlSocketError) { stored.withLock { $0 = $0 ?? error } }
}
