import Core
import Glibc
import LinuxSystem
import Networking
import Testing

/// Functions that send under a false name, listen to what is not theirs, or use up what all share.
@Suite(.enabled(if: NetworkFixture.canRun, NetworkFixture.reason), .serialized)
struct SpoofingTests {
    @Test("a packet from another's address, or from nobody's, goes nowhere")
    func networkAddress() async throws {
        try await Hostile.with { hostile in
            func arrives() throws -> Bool {
                try hostile.arrives(at: 7002, in: hostile.internet) {
                    try hostile.send(to: "198.51.100.1", 7002)
                }
            }
            #expect(try arrives())
            // The same program under the neighbour's address: the default route prefers it.
            for false_ in [hostile.address(of: hostile.second), "203.0.113.9"] {
                try hostile.run(
                    """
                    ip address add \(false_)/32 dev eth0 &&
                    ip route replace default via 10.99.0.1 dev eth0 src \(false_)
                    """, in: hostile.a)
                #expect(try !arrives(), "\(false_)")
            }
            try hostile.withoutChain("ports", family: "bridge")
            try hostile.run(
                "ip route replace default via 10.99.0.1 dev eth0 src \(hostile.address(of: hostile.second))",
                in: hostile.a)
            #expect(try arrives())
        }
    }

    @Test("a frame from another's hardware address goes nowhere")
    func hardwareAddress() async throws {
        try await Hostile.with { hostile in
            func arrives() throws -> Bool {
                try hostile.arrives(at: 7002, in: hostile.internet) {
                    try hostile.send(to: "198.51.100.1", 7002)
                }
            }
            let octet = hostile.second.number < 16 ? "0\(hostile.second.number)" : "ff"
            try hostile.run(
                """
                gateway=$(ip -o neighbour show 10.99.0.1 dev eth0 | sed 's/.*lladdr \\([^ ]*\\).*/\\1/') &&
                ip link set eth0 address 02:74:0a:63:00:\(octet) &&
                ip neighbour replace 10.99.0.1 lladdr $gateway dev eth0 nud permanent
                """, in: hostile.a)
            #expect(try !arrives())
            try hostile.withoutChain("ports", family: "bridge")
            #expect(try arrives())
        }
    }

    @Test("by ARP nobody takes another's place")
    func neighbourCache() async throws {
        try await Hostile.with { hostile in
            let victim = hostile.address(of: hostile.second)
            /// Asks for the gateway in the victim's name, as ARP spoofing does; who the host then holds for the victim.
            func claimed() throws -> Bool {
                try hostile.run(
                    """
                    ip address replace \(victim)/32 dev eth0; ip neighbour flush dev eth0 nud all;
                    ip neighbour del 10.99.0.1 dev eth0 2>/dev/null;
                    ip route replace default via 10.99.0.1 dev eth0 src \(victim); ip -o link show eth0
                    """, in: hostile.a)
                try hostile.send(to: "198.51.100.1", 7002)
                usleep(200_000)
                let place = try hostile.fixture.run("ip neighbour show \(victim)", in: hostile.fixture.host)
                let own = try hostile.fixture.run(
                    "cat /proc/thread-self/net/arp; ip -o link show eth0", in: hostile.a)
                let mine = own.output.split(separator: " ").drop { $0 != "link/ether" }.dropFirst().first
                return place.output.contains(try #require(mine))
            }
            #expect(try !claimed())
            // Either defence is enough: the bridge takes no ARP, and what the host knows it does not unlearn.
            try hostile.withoutChain("ports", family: "bridge")
            #expect(try !claimed())
            try hostile.run("ip neighbour del \(victim) dev torporT")
            #expect(try claimed())
        }
    }

    @Test("nobody sees what is for another")
    func sight() async throws {
        try await Hostile.with { hostile in
            let victim = hostile.address(of: hostile.second)
            let ear = try hostile.fixture.inside(hostile.a) { try PacketEar() }
            func overhears() throws -> Bool {
                try hostile.send(to: victim, 7002, from: hostile.fixture.host)
                return ear.hears(portBelow: 7002)
            }
            #expect(try !overhears())
            // Where the bridge does not know the way it asks all ports, but for these.
            let octet = hostile.second.number < 16 ? "0\(hostile.second.number)" : "ff"
            try hostile.run(
                """
                bridge fdb del 02:74:0a:63:00:\(octet) dev \(hostile.hostEnd(of: hostile.second)) master
                """)
            #expect(try !overhears())
            try hostile.run("bridge link set dev \(hostile.hostEnd(of: hostile.first)) flood on")
            #expect(try overhears())
        }
    }

    @Test(
        "one function cannot fill the table of connections, nor can its next-door neighbour's place be spoilt"
    )
    func connections() async throws {
        try await Hostile.with { hostile in
            let most = Limits.connectionsPerInstance
            try hostile.send(most + 500, to: "198.51.100.1", 20_000)
            let count = try hostile.connections()
            #expect((most / 2...most + 8).contains(count), "\(count)")
            // Others are not in its way.
            let other = try hostile.arrives(at: 7002, in: hostile.internet) {
                try hostile.send(to: "198.51.100.1", 7002, from: hostile.b)
            }
            #expect(other)
            // Whoever has the slot next begins anew.
            hostile.pool.release(hostile.first)
            try await hostile.fixture.eventually("they are forgotten") { try hostile.connections() < 8 }
            try hostile.withoutChain("connections")
            try hostile.send(most + 500, to: "198.51.100.1", 20_000)
            #expect(try hostile.connections() > most + 400)
        }
    }

    @Test("a function cannot fill the host's table of neighbours: it has one")
    func neighbourTable() async throws {
        try await Hostile.with { hostile in
            func neighbours() throws -> Int {
                try hostile.fixture.run("ip neighbour show dev eth0 nud all", in: hostile.a).output
                    .split(separator: "\n").count { !$0.contains("NOARP") }
            }
            try hostile.send(to: "10.99.0.77", 7002)
            try hostile.send(to: "10.99.0.78", 7002)
            #expect(try neighbours() == 1)
            try hostile.run("ip route add 10.99.0.0/24 dev eth0", in: hostile.a)
            try hostile.send(to: "10.99.0.77", 7002)
            try hostile.send(to: "10.99.0.78", 7002)
            #expect(try neighbours() == 3)
        }
    }
}

/// Everything that comes to a namespace's interfaces (packet(7)), promiscuously.
struct PacketEar {
    private let fd: SharedFD

    init() throws {
        // ETH_P_ALL, which Glibc does not have.
        let all = Int32(UInt16(3).bigEndian)
        let raw = socket(AF_PACKET, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), all)
        if raw < 0 { throw KernelError("socket", code: errno) }
        fd = SharedFD(OwnedFD(owning: raw))
        var timeout = timeval(tv_sec: 0, tv_usec: 300_000)
        setsockopt(raw, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        // As `ip link set promisc on` does; the interface's flag is its namespace's.
        let system = popen("ip link set eth0 promisc on", "r")
        if let system { pclose(system) }
    }

    /// Whether a UDP datagram to this port comes by.
    func hears(portBelow port: UInt16) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 2048)
        while case let count = recv(fd.raw, &bytes, bytes.count, 0), count > 0 {
            // Ethernet 14, IPv4 20, then the ports.
            if count >= 42, bytes[23] == UInt8(IPPROTO_UDP),
                UInt16(bytes[36]) << 8 | UInt16(bytes[37]) == port
            {
                return true
            }
        }
        return false
    }
}
