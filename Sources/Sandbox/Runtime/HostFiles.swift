internal import Core

/// The files of a container's /etc that are about the host and the network.
enum HostFiles {
    /// The name by which a function finds the gateway.
    static let gatewayName = "torpor-gateway"

    static func make(hostname: String, gateway: String?, resolvConf: [UInt8]) -> [LaunchJob.HostFile] {
        var hosts = """
            127.0.0.1 localhost \(hostname)
            ::1 localhost ip6-localhost ip6-loopback

            """
        if let gateway { hosts += "\(gateway) \(gatewayName)\n" }
        return [
            LaunchJob.HostFile(name: "hosts", content: Array(hosts.utf8)),
            LaunchJob.HostFile(name: "hostname", content: Array("\(hostname)\n".utf8)),
            LaunchJob.HostFile(name: "resolv.conf", content: resolvConf),
        ]
    }
}
