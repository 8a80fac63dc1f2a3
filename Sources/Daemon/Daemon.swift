internal import ControlServer
internal import Core
internal import Gateway
internal import Images
internal import LinuxSystem
internal import Logging
internal import Logs
internal import Networking
internal import Orchestrator
internal import Sandbox
internal import ServiceLifecycle
internal import Store
internal import UnixSignals

/// One daemon on one state directory, from its start to its end.
package struct Daemon: Sendable {
    private let configuration: Configuration

    package init(configuration: Configuration) { self.configuration = configuration }

    /// Returns after SIGTERM or SIGINT, when requests have ended and every instance is gone.
    /// - Throws: `StartError`, or what a part of it could not do; what was made so far is removed.
    package func run() async throws {
        let environment = ProcessEnvironment.all
        let logger = Self.logger(configuration.logLevel, isJournal: environment["JOURNAL_STREAM"] != nil)
        guard HostIdentity.isRoot else { throw StartError.notRoot }
        HostIdentity.ignoreBrokenPipes()
        HostIdentity.raiseOpenFileLimit()
        try Self.prepareDirectories(configuration)
        let locks = try Self.lock(configuration)
        defer { for lock in locks { lock.remove() } }

        let store = try SQLiteStore(path: configuration.databasePath) { error in
            logger.warning("an instance's record was lost", metadata: ["error": "\(error)"])
        }
        let slots = try await SlotPool.start(bridge: configuration.bridge, subnet: configuration.subnet)
        do {
            try await serve(
                store: store, slots: slots,
                notification: ServiceNotification(socket: environment["NOTIFY_SOCKET"]),
                logger: logger)
        } catch {
            await slots.stop()
            throw error
        }
        await slots.stop()
        logger.info("torpord has stopped")
    }

    private func serve(
        store: SQLiteStore, slots: SlotPool, notification: ServiceNotification, logger: Logger
    ) async throws {
        for problem in slots.report.problems { logger.warning("\(problem)") }
        let parts = try Parts(configuration, slots: slots, logger: logger)
        do {
            try await serve(parts, store: store, slots: slots, notification: notification, logger: logger)
        } catch {
            await parts.close()
            throw error
        }
        await parts.close()
    }

    private func serve(
        _ parts: Parts, store: SQLiteStore, slots: SlotPool, notification: ServiceNotification, logger: Logger
    ) async throws {
        let time = SystemTime()
        let gateway = Gateway(
            configuration: gatewayConfiguration, dialer: SlotDialer(slots: slots, host: slots.hostNamespace),
            logger: logger)
        let orchestrator = Orchestrator(
            sandboxes: parts.sandboxes, network: slots, images: parts.images, logs: parts.logs, store: store,
            router: gateway, time: time, logger: logger)
        gateway.attach(orchestrator)
        try await orchestrator.load()
        let address = try await gateway.start()
        await orchestrator.resume()
        let listen = ListenAddress(host: address.host, port: address.port)
        let host = HostReport(
            configuration: configuration, listen: listen, sandboxes: parts.sandboxes, slots: slots,
            probe: HostProbe(uidBase: UInt32(configuration.uidBase), images: configuration.imageDirectory),
            startedAt: TimeText.timestamp())
        let control = ControlServer(
            backend: Backend(orchestrator: orchestrator, logs: LogLineSource(logs: parts.logs), host: host),
            socket: ControlSocket(path: configuration.socketPath), logger: logger
        ) {
            logger.info(
                "torpord is ready",
                metadata: ["gateway": "\(listen)", "socket": "\(configuration.socketPath)"])
            do {
                try notification.ready(status: "serving on \(listen)")
            } catch {
                logger.warning("the service manager could not be told", metadata: ["error": "\(error)"])
            }
        }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: OrchestratorService(orchestrator: orchestrator, time: time)),
                    .init(service: GatewayService(gateway: gateway)),
                    .init(service: control),
                    .init(service: ClosingNotice(orchestrator: orchestrator)),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        do {
            try await group.run()
        } catch {
            // What could not go on may have started instances.
            await orchestrator.close(deadline: time.now() + Limits.instanceShutdown.nanoseconds)
            throw error
        }
    }

    private var gatewayConfiguration: GatewayConfiguration {
        var result = GatewayConfiguration()
        result.host = configuration.listen.host
        result.port = configuration.listen.port
        result.domain = configuration.domain
        result.loops =
            configuration.gatewayThreads == 0 ? HostIdentity.processors : configuration.gatewayThreads
        return result
    }

    private static func logger(_ level: Logger.Level, isJournal: Bool) -> Logger {
        Logger(label: "torpord") { _ in ServiceLog(level: level, isJournal: isJournal) }
    }

    /// What a run directory of ours may hold.
    private static let ownNames: Set<String> = ["lock", "torpor.sock", "instances"]

    private static func prepareDirectories(_ configuration: Configuration) throws(StartError) {
        do {
            try FileTree.makeDirectories(configuration.stateDirectory, mode: 0o711)
            try FileTree.makeDirectories(configuration.logDirectory, mode: 0o700)
            try FileTree.makeDirectories(configuration.runDirectory, mode: 0o750)
            let foreign = try Directory(path: configuration.runDirectory).names(limit: .max)
                .map { "\($0)" }.filter { !Self.ownNames.contains($0) }
            // It is about to be closed to everybody but the group.
            if let foreign = foreign.first {
                throw StartError.sharedRunDirectory(configuration.runDirectory, foreign)
            }
        } catch let error as KernelError {
            throw .directory(error)
        } catch let error as StartError {
            throw error
        } catch {
            throw .runDirectory(configuration.runDirectory, "\(error)")
        }
        do {
            try ControlSocket.restrictDirectory(configuration.runDirectory)
        } catch {
            throw .runDirectory(configuration.runDirectory, "\(error)")
        }
    }

    /// One daemon per state directory, and per run directory: a second one would take the first one's socket.
    private static func lock(_ configuration: Configuration) throws(StartError) -> [DirectoryLock] {
        var locks: [DirectoryLock] = []
        for directory in Set([configuration.stateDirectory, configuration.runDirectory]).sorted() {
            do {
                locks.append(try DirectoryLock(directory: directory))
            } catch {
                switch error {
                case .held(let pid): throw .alreadyRunning(directory, pid: pid)
                case .kernel(let error): throw .directory(error)
                }
            }
        }
        return locks
    }
}
