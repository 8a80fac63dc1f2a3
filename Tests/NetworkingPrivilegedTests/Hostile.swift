import Core
import Glibc
import LinuxSystem
import Networking
import Testing

/// A host with two functions on its bridge and the Internet behind it. What runs "in" a function has every power over
/// its slot, which no function has: so each defence is looked at by itself.
struct Hostile {
    let fixture: NetworkFixture
    let pool: SlotPool
    /// Plays another host, 198.51.100.1 beside this one's 198.51.100.2; it has 169.254.169.254, too.
    let internet: SharedFD
    let (first, second): (SlotID, SlotID)
    let (a, b): (SharedFD, SharedFD)

    static func with(
        network: NetworkSpec = .default, _ body: (Hostile) async throws -> Void
    ) async throws {
        try await NetworkFixture.with { fixture, pool in
            let internet = try makeInternet(fixture)
            let (first, second) = (try await pool.acquire(network), try await pool.acquire(.default))
            try await body(
                Hostile(
                    fixture: fixture, pool: pool, internet: internet, first: first, second: second,
                    a: try #require(pool.namespace(ofSlot: first.number)),
                    b: try #require(pool.namespace(ofSlot: second.number))))
        }
    }

    static func makeInternet(_ fixture: NetworkFixture) throws -> SharedFD {
        let internet = try NetworkNamespace.create(host: fixture.outside)
        // Descriptors are close-on-exec, so `ip` gets to the namespace through this process.
        let own = "/proc/\(getpid())/fd/\(internet.raw)"
        let made = try fixture.run(
            """
            ip link add uplink type veth peer name far && ip address add 198.51.100.2/24 dev uplink &&
            ip link set uplink up && ip link set far netns \(own) && ip route add 169.254.0.0/16 dev uplink
            """, in: fixture.host)
        try #require(made.status == 0, "\(made.output)")
        let up = try fixture.run(
            """
            ip link set lo up && ip address add 198.51.100.1/24 dev far && ip link set far up &&
            ip address add 169.254.169.254/32 dev far
            """, in: internet)
        try #require(up.status == 0, "\(up.output)")
        return internet
    }

    func address(of slot: SlotID) -> String { "10.99.0.\(slot.number)" }
    func hostEnd(of slot: SlotID) -> String { "torporT.\(slot.number)" }

    /// On the host.
    func run(_ command: String) throws {
        let result = try fixture.run(command, in: fixture.host)
        try #require(result.status == 0, "\(command): \(result.output)")
    }

    func run(_ command: String, in place: SharedFD) throws {
        let result = try fixture.run(command, in: place)
        try #require(result.status == 0, "\(command): \(result.output)")
    }

    /// Takes one defence away: everything that a chain does.
    func withoutChain(_ chain: String, family: String = "inet") throws {
        try run("nft flush chain \(family) torporT \(chain)")
    }

    func listen(_ port: UInt16, on address: String = "0.0.0.0", in place: SharedFD) throws -> SharedFD {
        try fixture.inside(place) { SharedFD(try TestSocket(listeningOn: address, port: port).release()) }
    }

    func reaches(_ address: String, _ port: UInt16, from place: SharedFD? = nil) throws -> Bool {
        try fixture.inside(place ?? a) {
            (try? TestSocket(connectingTo: address, port: port, seconds: 1)) != nil
        }
    }

    /// Sends datagrams to the ports from `first` on, as many as there are to be.
    func send(_ count: Int = 1, to address: String, _ port: UInt16, from place: SharedFD? = nil) throws {
        try fixture.inside(place ?? a) {
            let fd = try Datagram.socket()
            for offset in 0..<count {
                Datagram.with(address, port + UInt16(offset)) { _ = sendto(fd.raw, "x", 1, 0, $0, $1) }
            }
        }
    }

    /// Whether a datagram to this port of a place comes there, of those that `send` makes.
    func arrives(at port: UInt16, in place: SharedFD, _ send: () throws -> Void) throws -> Bool {
        let fd = try fixture.inside(place) { try Datagram.socket(boundTo: port) }
        try send()
        var byte: UInt8 = 0
        return recv(fd.raw, &byte, 1, 0) == 1
    }

    /// Connections that the host tracks.
    func connections() throws -> Int {
        let text = try fixture.inside(fixture.host) {
            try File.text("/proc/sys/net/netfilter/nf_conntrack_count")
        }
        return try #require(Int(text.prefix { $0 != "\n" }))
    }
}

/// Plain blocking UDP sockets; receiving gives up after half a second.
enum Datagram {
    static func socket(boundTo port: UInt16 = 0) throws -> SharedFD {
        let raw = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        if raw < 0 { throw KernelError("socket", code: errno) }
        let fd = SharedFD(OwnedFD(owning: raw))
        var timeout = timeval(tv_sec: 0, tv_usec: 500_000)
        setsockopt(raw, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var result: Int32 = 0
        with("0.0.0.0", port) { result = bind(raw, $0, $1) }
        if result != 0 { throw KernelError("bind", code: errno) }
        return fd
    }

    static func with(
        _ address: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Void
    ) {
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = port.bigEndian
        inet_pton(AF_INET, address, &place.sin_addr)
        withUnsafePointer(to: &place) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
