internal import ControlServer
internal import Core
internal import LinuxSystem
internal import Logging
internal import Networking
internal import Secrets
internal import Store

/// One daemon on one state directory, from its start to its end.
package struct Daemon: Sendable {
    private let configuration: Configuration
    private let reread: @Sendable () throws -> Configuration

    /// - Parameter reread: reads the configuration again, for a reload.
    package init(configuration: Configuration, reread: @escaping @Sendable () throws -> Configuration) {
        self.configuration = configuration
        self.reread = reread
    }

    /// Returns after SIGTERM or SIGINT, when requests have ended and every instance is gone.
    /// - Throws: `StartError`, or what a part of it could not do; what was made so far is removed.
    /// - Returns: whether it shall begin anew, with its configuration read again.
    package func run() async throws -> Bool {
        let environment = ProcessEnvironment.all
        let logLevel = LogLevel(configuration.logLevel)
        let journal =
            JournalSocket.isStandardError(environment["JOURNAL_STREAM"])
            ? JournalSocket(path: JournalSocket.usual) : nil
        let logger = Logger(label: "torpord") { _ in ServiceLog(level: logLevel, journal: journal) }
        guard HostIdentity.isRoot else { throw StartError.notRoot }
        HostIdentity.ignoreBrokenPipes()
        HostIdentity.raiseOpenFileLimit()
        try Self.prepareDirectories(configuration)
        let locks = try Self.lock(configuration)
        defer { for lock in locks { lock.remove() } }
        let manager = try ServiceManager(environment)
        if try Self.restoredState(configuration) {
            logger.notice(
                "a backup was put in place", metadata: ["previous": "\(configuration.previousState)"])
        }
        for left in [configuration.backupStaging, configuration.restoreStaging] {
            do { try StagingDirectory.remove(left) } catch { throw StartError.directory(error) }
        }
        let credentials = try AdminCredentials(file: configuration.adminPasswordPath)

        let store = try SQLiteStore(path: configuration.databasePath) { error in
            logger.warning("an instance's record was lost", metadata: ["error": "\(error)"])
        }
        let secrets = try await Resources.openSecrets(
            configuration, store, credentials: environment["CREDENTIALS_DIRECTORY"], logger)
        let slots = try await SlotPool.start(
            bridge: configuration.bridge, subnet: configuration.subnet
        ) { notice in
            if case .rulesRestored = notice { logger.notice("\(notice)") } else { logger.error("\(notice)") }
        }
        let again: Bool
        do {
            again = try await serve(
                store: store, secrets: secrets, slots: slots, manager: manager, credentials: credentials,
                logLevel: logLevel, journal: journal, logger: logger)
        } catch {
            await slots.stop()
            throw error
        }
        await slots.stop()
        logger.info(again ? "torpord begins anew" : "torpord has stopped")
        return again
    }

    private func serve(
        store: SQLiteStore, secrets: SecretVault, slots: SlotPool, manager: ServiceManager,
        credentials: AdminCredentials, logLevel: LogLevel, journal: JournalSocket?, logger: Logger
    ) async throws -> Bool {
        for problem in slots.report.problems { logger.warning("\(problem)") }
        let current = CurrentConfiguration(configuration)
        let parts = try Parts(current, slots: slots, secrets: secrets, logger: logger)
        let context = ServingContext(
            configuration: configuration, current: current, parts: parts, store: store, slots: slots,
            manager: manager,
            credentials: credentials, logLevel: logLevel, journal: journal, logger: logger, reread: reread)
        let again: Bool
        do {
            again = try await context.serve()
        } catch {
            await parts.close()
            throw error
        }
        await parts.close()
        return again
    }

    private static func restoredState(_ configuration: Configuration) throws(StartError) -> Bool {
        do { return try RestoredState.apply(configuration) } catch { throw .directory(error) }
    }

    /// What a run directory of ours may hold.
    private static let ownNames: Set<String> = ["lock", "torpor.sock", "attach.sock", "instances"]

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
