internal import LinuxSystem

/// What the service manager wants to know and has passed, by the environment.
struct ServiceManager: Sendable {
    let notification: ServiceNotification
    let sockets: PassedSockets
    let watchdogPatience: Duration?

    init(_ environment: [String: String]) throws(StartError) {
        notification = ServiceNotification(socket: environment["NOTIFY_SOCKET"])
        watchdogPatience = Watchdog.patience(environment, processID: HostIdentity.processID)
        do {
            sockets = try PassedSockets(environment: environment)
        } catch {
            throw .passedSocket(error)
        }
    }
}
