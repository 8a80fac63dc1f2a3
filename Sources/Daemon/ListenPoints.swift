internal import Gateway
internal import LinuxSystem

extension Configuration {
    /// Where the gateway listens. What the service manager passes takes the place of what is configured: the sockets of
    /// `torpor.socket` are held by systemd while the daemon restarts. One that is named `admin` serves the platform's
    /// own paths, any other the functions.
    func listenPoints(_ passed: PassedSockets) -> [ListenPoint] {
        let admin = passed.sockets.filter { $0.name == "admin" }.map(\.descriptor)
        let gateway = passed.sockets.filter { $0.name != "admin" }.map(\.descriptor)
        let hasOwnPlace = !admin.isEmpty || adminListen != nil
        let role: ListenPoint.Role = hasOwnPlace ? .functions : .all
        var points = gateway.map { ListenPoint(.inherited(descriptor: $0), role: role) }
        if points.isEmpty { points = [ListenPoint(listen.source, role: role)] }
        if admin.isEmpty {
            if let adminListen { points.append(ListenPoint(adminListen.source, role: .platform)) }
        } else {
            points += admin.map { ListenPoint(.inherited(descriptor: $0), role: .platform) }
        }
        return points
    }
}

extension ListenAddress {
    fileprivate var source: ListenPoint.Source { .address(host: host, port: port) }
}
