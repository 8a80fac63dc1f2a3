import Core
import Glibc
import LinuxSystem
import Networking
import Testing

/// The way to the name service on the bridge's address.
@Suite(.enabled(if: NetworkFixture.canRun, NetworkFixture.reason), .serialized)
struct NamesTests {
    private let gateway = "10.99.0.1"

    private func arrives(_ hostile: Hostile, at port: UInt16 = 53) throws -> Bool {
        try hostile.arrives(at: port, in: hostile.fixture.host) { try hostile.send(to: gateway, port) }
    }

    @Test("it is open while names are answered, for UDP and TCP, and nothing beside it")
    func port() async throws {
        try await Hostile.with(network: .egress([])) { hostile throws in
            let server = try hostile.listen(53, in: hostile.fixture.host)
            #expect(server.raw >= 0)
            #expect(try !arrives(hostile) && !hostile.reaches(gateway, 53))
            await hostile.pool.openNames(true)
            #expect(try arrives(hostile) && hostile.reaches(gateway, 53))
            #expect(try !arrives(hostile, at: 54))
            #expect(
                try !hostile.arrives(at: 53, in: hostile.fixture.host) {
                    try hostile.send(to: "198.51.100.2", 53)
                })
            try hostile.run("nft flush ruleset")
            try await hostile.fixture.eventually("the rules are back") {
                hostile.fixture.told.notices.count == 2
            }
            #expect(try arrives(hostile) && !arrives(hostile, at: 54))
            await hostile.pool.openNames(false)
            #expect(try !arrives(hostile) && !hostile.reaches(gateway, 53))
        }
    }

    @Test("queries are no connections: a function may have as many as it likes and still connect")
    func tracking() async throws {
        try await Hostile.with { hostile in
            await hostile.pool.openNames(true)
            let before = try hostile.connections()
            for _ in 0..<200 { try hostile.send(to: gateway, 53) }
            #expect(try hostile.connections() <= before + 5)
            try hostile.withoutChain("queries")
            for _ in 0..<200 { try hostile.send(to: gateway, 53, from: hostile.b) }
            let after = try hostile.connections()
            #expect(after >= before + 150, "\(before) \(after)")
        }
    }

    @Test("of one function so many queries come through in a second; without the limit all do")
    func rate() async throws {
        try await Hostile.with { hostile in
            await hostile.pool.openNames(true)
            let flood = 4 * Limits.nameQueryRate
            func dropped() throws -> Bool {
                let fd = try hostile.fixture.inside(hostile.fixture.host) { try Datagram.socket(boundTo: 53) }
                let sender = try hostile.fixture.inside(hostile.a) { try Datagram.socket() }
                var byte: UInt8 = 0
                var count = 0
                for number in 1...flood {
                    Datagram.with(gateway, 53) { _ = sendto(sender.raw, "x", 1, 0, $0, $1) }
                    // Before the socket's buffer is full, which an ordinary user cannot make larger.
                    guard number % 50 == 0 else { continue }
                    while recv(fd.raw, &byte, 1, Int32(MSG_DONTWAIT)) == 1 { count += 1 }
                }
                #expect(count >= Limits.nameQueryBurst)
                return count < flood
            }
            #expect(try dropped())
            let other = try hostile.arrives(at: 53, in: hostile.fixture.host) {
                try hostile.send(to: gateway, 53, from: hostile.b)
            }
            #expect(other, "another function has its own")
            try hostile.run("nft flush chain inet torporT names && nft add rule inet torporT names accept")
            #expect(try !dropped())
        }
    }

    @Test("who asks from a slot's address has what that slot may reach")
    func networks() async throws {
        try await Hostile.with(network: .egress([])) { hostile throws in
            func network(_ address: String) throws -> NetworkSpec? {
                hostile.pool.network(of: try #require(IPv4Address(address)))
            }
            #expect(try network(hostile.address(of: hostile.first)) == .egress([]))
            #expect(try network(hostile.address(of: hostile.second)) == .default)
            for nobody in ["10.99.0.1", "10.99.0.0", "10.99.0.255", "198.51.100.1", "10.99.0.200"] {
                #expect(try network(nobody) == nil, "\(nobody)")
            }
        }
    }
}
