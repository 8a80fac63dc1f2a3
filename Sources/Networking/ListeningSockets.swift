internal import LinuxSystem

/// TCP sockets that listen inside of a slot: what an instance that is not found on its port does instead.
package struct ListeningSockets: Equatable, Sendable {
    /// Ports that are reached over loopback, ascending.
    package private(set) var ports: [UInt16] = []
    /// Ports that only another address of the slot reaches, ascending.
    package private(set) var elsewhere: [UInt16] = []

    /// Reads `/proc/net/tcp` and `tcp6` (proc_net(5)).
    package init(tcp: String, tcp6: String) {
        var near: Set<UInt16> = []
        var far: Set<UInt16> = []
        for line in tcp.split(separator: "\n").dropFirst() + tcp6.split(separator: "\n").dropFirst() {
            // `0: 0100007F:1F90 00000000:0000 0A …`: number, own address, peer, state; 0A listens.
            let fields = line.split(separator: " ", maxSplits: 4)
            guard fields.count > 3, fields[3] == "0A" else { continue }
            let address = fields[1].split(separator: ":")
            guard address.count == 2, let port = UInt16(address[1], radix: 16) else { continue }
            if Self.isNear(address[0]) { near.insert(port) } else { far.insert(port) }
        }
        ports = near.sorted()
        elsewhere = far.subtracting(near).sorted()
    }

    /// Any address, or one of loopback. Words are in the order of the host, which is little-endian.
    private static func isNear(_ address: Substring) -> Bool {
        if address.allSatisfy({ $0 == "0" }) { return true }
        if address.count == 8 { return address.hasSuffix("7F") }
        return address == "00000000000000000000000001000000"
            || address.hasPrefix("0000000000000000FFFF0000") && address.hasSuffix("7F")
    }

    /// Looks into a slot, on a thread that may go there. Nil where that cannot be read, or is too much.
    static func inside(_ slot: SharedFD, host: SharedFD) -> ListeningSockets? {
        try? NetworkNamespace.inside(slot, host: host) {
            let tcp = try File.text("/proc/thread-self/net/tcp")
            // Without IPv6 there is no such file.
            let tcp6 = (try? File.text("/proc/thread-self/net/tcp6")) ?? ""
            return ListeningSockets(tcp: tcp, tcp6: tcp6)
        }
    }

    /// What to do, for whoever should listen on `port`.
    package func advice(port: UInt16) -> String {
        if let first = ports.first {
            let all = ports.prefix(5).map { "\($0)" }.joined(separator: ", ")
            return "it listens on \(all): say port \(first) (--port \(first)), or listen on $PORT"
        }
        if elsewhere.contains(port) {
            return "it listens there on one address that is not loopback: listen on 0.0.0.0 or 127.0.0.1"
        }
        return "listen on the port that $PORT names"
    }
}
