internal import Core

/// The files of a container's /etc that are about the host and the network.
enum HostFiles {
    static func make(hostname: String, resolvConf: [UInt8]) -> [LaunchJob.HostFile] {
        let hosts = """
            127.0.0.1 localhost \(hostname)
            ::1 localhost ip6-localhost ip6-loopback

            """
        return [
            LaunchJob.HostFile(name: "hosts", content: Array(hosts.utf8)),
            LaunchJob.HostFile(name: "hostname", content: Array("\(hostname)\n".utf8)),
            LaunchJob.HostFile(name: "resolv.conf", content: resolvConf),
        ]
    }
}
