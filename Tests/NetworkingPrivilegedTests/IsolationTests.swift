import Core
import Glibc
import LinuxSystem
import Networking
import Testing

/// What a hostile function tries, with the one defence against it, and without.
@Suite(.enabled(if: NetworkFixture.canRun, NetworkFixture.reason), .serialized)
struct IsolationTests {
    @Test(
        "on the bridge's address there is the gateway's port and no other; the host's other addresses are none"
    )
    func host() async throws {
        try await Hostile.with { hostile in
            let host = hostile.fixture.host
            let held = try [7001, NetworkFixture.gatewayPort].map { try hostile.listen($0, in: host) }
            #expect(held.count == 2)
            #expect(try hostile.reaches("10.99.0.1", NetworkFixture.gatewayPort))
            #expect(try !hostile.reaches("198.51.100.2", NetworkFixture.gatewayPort))
            for address in ["10.99.0.1", "198.51.100.2"] {
                #expect(try !hostile.reaches(address, 7001), "\(address)")
            }
            try hostile.withoutChain("host")
            #expect(
                try !hostile.reaches("198.51.100.2", 7001), "what comes to the host is looked at once more")
            try hostile.withoutChain("input")
            #expect(try hostile.reaches("198.51.100.2", 7001))
            #expect(try !hostile.reaches("10.99.0.1", 7001), "it is of the functions' network, too")
            try hostile.withoutChain("reserved")
            #expect(try hostile.reaches("10.99.0.1", 7001))
        }
    }

    @Test("who is no function does not find the gateway on the bridge's address")
    func bridgeAddressFromElsewhere() async throws {
        try await Hostile.with { hostile in
            let held = try hostile.listen(NetworkFixture.gatewayPort, in: hostile.fixture.host)
            #expect(held.raw >= 0)
            try hostile.run("ip route add 10.99.0.0/24 via 198.51.100.2", in: hostile.internet)
            func found() throws -> Bool {
                try hostile.reaches("10.99.0.1", NetworkFixture.gatewayPort, from: hostile.internet)
            }
            #expect(try !found())
            try hostile.withoutChain("input")
            #expect(try found())
        }
    }

    @Test(
        "another function's address is not reached through the host either, and its rule is what refuses it")
    func neighboursByTheHost() async throws {
        try await Hostile.with { hostile in
            let held = try hostile.listen(7001, in: hostile.b)
            #expect(held.raw >= 0)
            let neighbour = hostile.address(of: hostile.second)
            #expect(try !hostile.reaches(neighbour, 7001))
            try hostile.withoutChain("reserved")
            #expect(try !hostile.reaches(neighbour, 7001), "nothing is forwarded to a function")
            try hostile.withoutChain("forward")
            #expect(try hostile.reaches(neighbour, 7001))
        }
    }

    @Test("nobody reaches a function from outside")
    func fromOutside() async throws {
        try await Hostile.with { hostile in
            let held = try hostile.listen(7001, in: hostile.a)
            #expect(held.raw >= 0)
            try hostile.run("ip route add 10.99.0.0/24 via 198.51.100.2", in: hostile.internet)
            func found() throws -> Bool {
                try hostile.reaches(hostile.address(of: hostile.first), 7001, from: hostile.internet)
            }
            #expect(try !found())
            try hostile.withoutChain("forward")
            #expect(try found())
        }
    }

    @Test("link-local addresses, where clouds tell credentials, are not reached")
    func metadata() async throws {
        try await Hostile.with { hostile in
            let held = try hostile.listen(80, in: hostile.internet)
            #expect(held.raw >= 0)
            #expect(try hostile.reaches("169.254.169.254", 80, from: hostile.fixture.host))
            #expect(try hostile.reaches("198.51.100.1", 80))
            #expect(try !hostile.reaches("169.254.169.254", 80))
            try hostile.withoutChain("reserved")
            #expect(try hostile.reaches("169.254.169.254", 80))
        }
    }

    @Test("IPv6 is off on both ends, and would not pass if it were on")
    func sixthVersion() async throws {
        try await Hostile.with { hostile in
            // What the defence takes away is given back; the first look is at the other defence.
            func on(_ device: String, _ place: SharedFD) throws {
                try hostile.run(
                    """
                    sysctl -qw net.ipv6.conf.\(device).disable_ipv6=0 net.ipv6.conf.\(device).accept_dad=0 &&
                    ip link set \(device) down && ip link set \(device) up
                    """, in: place)
            }
            let none = try hostile.fixture.run("ip -6 address show torporT", in: hostile.fixture.host)
            #expect(none.output.isEmpty)
            try on("torporT", hostile.fixture.host)
            try hostile.run("ip -6 address add fd00::1/64 dev torporT nodad")
            let held = try hostile.listen(7001, on: "::", in: hostile.fixture.host)
            #expect(held.raw >= 0)
            func found() throws -> Bool { try hostile.reaches("fd00::1", 7001) }
            #expect(try !found(), "a function has no address of it")
            try on("eth0", hostile.a)
            try hostile.run("ip -6 address add fd00::2/64 dev eth0 nodad", in: hostile.a)
            try hostile.run("bridge link set dev \(hostile.hostEnd(of: hostile.first)) mcast_flood on")
            #expect(try !found(), "the bridge lets nothing but IPv4 in")
            try hostile.run(
                "nft flush chain bridge torporT ports; nft flush chain inet torporT from-functions")
            try hostile.withoutChain("input")
            // The way up takes an interface a second at times.
            try await hostile.fixture.eventually("it is found") { try found() }
        }
    }
}
