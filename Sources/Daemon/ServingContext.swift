internal import ControlServer
internal import Core
internal import Gateway
internal import LinuxSystem
internal import Logging
internal import NameService
internal import Networking
internal import Orchestrator
internal import Sandbox
internal import ServiceLifecycle
internal import Store
internal import UnixSignals

/// The daemon with everything made that it serves with: connects the parts, and runs them until it is stopped.
struct ServingContext: Sendable {
    /// As it was at the start.
    let configuration: Configuration
    let current: CurrentConfiguration
    let parts: Parts
    let store: SQLiteStore
    let slots: SlotPool
    let manager: ServiceManager
    let credentials: AdminCredentials
    let logLevel: LogLevel
    let journal: JournalSocket?
    let logger: Logger
    let reread: @Sendable () throws -> Configuration

    /// - Returns: whether the daemon shall begin anew.
    func serve() async throws -> Bool {
        let time = SystemTime()
        let points = configuration.listenPoints(manager.sockets)
        let dialer = SlotDialer(slots: slots, host: slots.hostNamespace)
        let gateway = Gateway(
            configuration: gatewayConfiguration(points), dialer: dialer, logger: logger)
        let orchestrator = Orchestrator(
            sandboxes: parts.sandboxes, network: slots, images: parts.images, logs: parts.logs, store: store,
            router: gateway, time: time, logger: logger,
            admit: { [secrets = parts.resources.secrets] function, spec throws(InvalidInput) in
                try Resources.check(function, spec, secrets)
            })
        let queries = QueryCounters()
        let meter = DaemonMeter(
            orchestrator: orchestrator, gateway: gateway, queries: queries, slots: slots, store: store,
            databasePath: configuration.databasePath, journal: journal, startedAt: TimeText.timestamp())
        gateway.attach(orchestrator)
        gateway.attach(platform: Platform(credentials: credentials, meter: meter))
        try await orchestrator.load()
        let addresses = try await gateway.start().map { ListenAddress(host: $0.host, port: $0.port) }
        // Only what the gateway itself has is opened to functions.
        let gatewayPort = try await gateway.startForFunctions()
        await slots.openGateway(port: gatewayPort)
        let names = await startNames(gateway, isGatewayThere: gatewayPort != nil, queries)
        await orchestrator.resume()
        let listen = addresses.first ?? configuration.listen
        noteForeignSocket(listen)
        let admin = zip(points, addresses).first { $0.0.role == .platform }?.1
        let host = HostReport(
            configuration: configuration, listen: listen, adminListen: admin, sandboxes: parts.sandboxes,
            slots: slots, resolver: parts.resolver,
            probe: HostProbe(uidBase: UInt32(configuration.uidBase), images: configuration.imageDirectory),
            startedAt: meter.startedAt)
        let restart = Restart()
        let status = "serving on \(listen)"
        let live = LiveConfiguration(
            current, logLevel: logLevel, notification: manager.notification, logger: logger,
            status: status, read: reread)
        let control = ControlServer(
            backend: Backend(
                orchestrator: orchestrator, logs: LogLineSource(logs: parts.logs), host: host,
                images: parts.images, meter: meter, live: live,
                desk: BackupDesk(configuration: configuration, store: store, restart: restart),
                resources: parts.resources),
            socket: ControlSocket(path: configuration.socketPath), logger: logger
        ) {
            announce(listen, status)
        }
        let attach = try AttachServer(
            backend: try AttachDesk(
                orchestrator: orchestrator, sandboxes: parts.sandboxes, dialer: dialer,
                imageDirectory: configuration.imageDirectory),
            socket: ControlSocket(path: configuration.attachSocketPath), logger: logger)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    // The last to stop: who is inside of an instance is told of its end.
                    .init(service: attach),
                    .init(service: NamesService(names: names, slots: slots)),
                    .init(service: OrchestratorService(orchestrator: orchestrator, time: time)),
                    .init(service: GatewayService(gateway: gateway, slots: slots)),
                    .init(service: control),
                    .init(service: watchdog(gateway, orchestrator)),
                    .init(service: ReloadService(configuration: live)),
                    .init(
                        service: ClosingNotice(
                            orchestrator: orchestrator, notification: manager.notification,
                            restart: restart)),
                    .init(service: restart, successTerminationBehavior: .gracefullyShutdownGroup),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        do {
            try await group.run()
        } catch {
            // What could not go on may have started instances.
            await orchestrator.close(deadline: time.now() + Limits.instanceShutdown.nanoseconds)
            throw error
        }
        return restart.isAsked
    }

    private func announce(_ listen: ListenAddress, _ status: String) {
        logger.info(
            "torpord is ready",
            metadata: ["gateway": "\(listen)", "socket": "\(configuration.socketPath)"])
        do {
            try manager.notification.ready(status: status)
        } catch {
            logger.warning("the service manager could not be told", metadata: ["error": "\(error)"])
        }
        ProgramPages.release()
    }

    /// Somebody who has changed `listen` would wonder.
    private func noteForeignSocket(_ listen: ListenAddress) {
        guard !manager.sockets.sockets.isEmpty, configuration.listen != listen else { return }
        logger.notice(
            "torpor.socket decides where the gateway listens, not 'listen'",
            metadata: ["address": "\(listen)", "listen": "\(configuration.listen)"])
    }

    private func watchdog(_ gateway: Gateway, _ orchestrator: Orchestrator) -> Watchdog {
        let (store, notification) = (store, manager.notification)
        return Watchdog(
            patience: manager.watchdogPatience,
            parts: [
                Watchdog.Part("event loops") { await gateway.answers() },
                Watchdog.Part("orchestrator") { _ = await orchestrator.lifeCounts },
                // An error is an answer too; who writes tells it.
                Watchdog.Part("store") { try? await store.answers() },
            ], logger: logger
        ) {
            // Who cannot be told restarts the daemon.
            try? notification.watchdog()
        }
    }

    private func gatewayConfiguration(_ points: [ListenPoint]) -> GatewayConfiguration {
        var result = GatewayConfiguration()
        result.points = points
        result.functionAddress = slots.gatewayAddress
        result.domain = configuration.domain
        result.loops =
            configuration.gatewayThreads == 0 ? HostIdentity.processors : configuration.gatewayThreads
        return result
    }
}
