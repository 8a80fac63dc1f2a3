internal import CLinux

/// Listening sockets that the service manager passed (sd_listen_fds(3)): descriptors from 3 on, each with a name.
package struct PassedSockets: Sendable {
    /// Their descriptors belong to whoever serves them.
    package private(set) var sockets: [(name: String, descriptor: Int32)] = []

    /// - Throws: when a descriptor is no listening stream socket.
    package init(environment: [String: String]) throws(KernelError) {
        guard environment["LISTEN_PID"] == String(HostIdentity.processID),
            let count = environment["LISTEN_FDS"].flatMap(Int32.init), (0...64).contains(count)
        else { return }
        let names = (environment["LISTEN_FDNAMES"] ?? "").split(
            separator: ":", omittingEmptySubsequences: false)
        for index in 0..<count {
            try check(
                clinux_adopt_listener(3 + index), "use a passed socket", subject: "descriptor \(3 + index)")
            let name = Int(index) < names.count ? String(names[Int(index)]) : ""
            sockets.append((name, 3 + index))
        }
    }
}
