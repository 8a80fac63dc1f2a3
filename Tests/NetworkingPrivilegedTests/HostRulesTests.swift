import Core
import Glibc
import LinuxSystem
import Networking
import Testing

/// What others do to the host's rules and ports while functions run.
@Suite(.enabled(if: NetworkFixture.canRun, NetworkFixture.reason), .serialized)
struct HostRulesTests {
    private let port = NetworkFixture.gatewayPort

    @Test("the gateway's port is open for as long as the gateway says, whoever else listens there")
    func gatewayPort() async throws {
        try await Hostile.with { hostile in
            await hostile.pool.openGateway(port: nil)
            let server = try hostile.listen(port, in: hostile.fixture.host)
            #expect(try !hostile.reaches("10.99.0.1", port), "another service on all addresses")
            await hostile.pool.openGateway(port: port)
            let client = try hostile.fixture.inside(hostile.a) {
                SharedFD(try TestSocket(connectingTo: "10.99.0.1", port: port).release())
            }
            let accepted = accept(server.raw, nil, nil)
            defer { close(accepted) }
            var timeout = timeval(tv_sec: 2, tv_usec: 0)
            setsockopt(accepted, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
            await hostile.pool.openGateway(port: nil)
            #expect(try !hostile.reaches("10.99.0.1", port))
            #expect(send(client.raw, "x", 1, Int32(truncatingIfNeeded: Int(MSG_NOSIGNAL))) == 1)
            var byte: UInt8 = 0
            #expect(recv(accepted, &byte, 1, 0) == 1, "what is under way goes on")
        }
    }

    @Test("what others turn towards this host, or away from the gateway, does not arrive")
    func redirection() async throws {
        try await Hostile.with { hostile in
            let held = [
                try hostile.listen(7002, in: hostile.fixture.host),
                try hostile.listen(7005, in: hostile.internet),
            ]
            #expect(held.count == 2)
            try hostile.run(
                """
                nft add table ip others &&
                nft 'add chain ip others turn { type nat hook prerouting priority dstnat; }' &&
                nft add rule ip others turn tcp dport 7001 redirect to :7002 &&
                nft add rule ip others turn ip daddr 10.99.0.1 tcp dport \(port) dnat to 198.51.100.1:7005
                """)
            #expect(try !hostile.reaches("198.51.100.1", 7001))
            #expect(try !hostile.reaches("10.99.0.1", port))
            try hostile.withoutChain("input-of-functions")
            #expect(try hostile.reaches("198.51.100.1", 7001))
            try hostile.withoutChain("forward")
            #expect(try hostile.reaches("10.99.0.1", port))
        }
    }

    @Test("name servers at link-local addresses are asked, and nothing else there")
    func nameServers() async throws {
        try await Hostile.with { hostile in
            func arrives(_ port: UInt16) throws -> Bool {
                try hostile.arrives(at: port, in: hostile.internet) {
                    try hostile.send(to: "169.254.169.254", port)
                }
            }
            #expect(try !arrives(53))
            hostile.pool.allow(nameServers: ["169.254.169.254"])
            try await hostile.fixture.eventually("it is asked") { try arrives(53) }
            #expect(try !arrives(54))
            hostile.pool.allow(nameServers: [])
            try await hostile.fixture.eventually("it is not asked") { try !arrives(53) }
        }
    }

    @Test("rules that somebody flushes are back, with what every slot had")
    func flush() async throws {
        let network = NetworkSpec.egress([try EgressRule(parsing: "198.51.100.1:7001")])
        try await Hostile.with(network: network) { hostile in
            let (pool, host) = (hostile.pool, hostile.fixture.host)
            let held = try [(7001, hostile.internet), (7012, hostile.internet), (7001, host), (port, host)]
                .map {
                    try hostile.listen($0.0, in: $0.1)
                }
            #expect(held.count == 4)
            for round in 1...3 {
                try hostile.run("nft flush ruleset")
                try await hostile.fixture.eventually("the rules are back") {
                    hostile.fixture.told.notices.count == 2 * round
                }
                #expect(pool.report.problems.isEmpty, "\(pool.report.problems)")
                #expect(try hostile.reaches("198.51.100.1", 7001))
                #expect(try !hostile.reaches("198.51.100.1", 7012))
                #expect(try hostile.reaches("198.51.100.1", 7012, from: hostile.b), "it has no list")
                for place in [hostile.a, hostile.b] {
                    #expect(try !hostile.reaches("198.51.100.2", 7001, from: place), "the host")
                    #expect(try !hostile.reaches("10.99.0.1", 7001, from: place))
                    #expect(try hostile.reaches("10.99.0.1", port, from: place), "the gateway")
                }
                let slot = try await pool.acquire(network)
                let place = try #require(pool.namespace(ofSlot: slot.number))
                #expect(try hostile.reaches("198.51.100.1", 7001, from: place))
                #expect(try !hostile.reaches("198.51.100.1", 7012, from: place))
                pool.release(slot)
            }
        }
    }

    @Test("while the rules cannot be made the bridge is down, and that is said")
    func failsClosed() async throws {
        try await Hostile.with { hostile in
            let held = try hostile.listen(7001, in: hostile.fixture.host)
            #expect(held.raw >= 0)
            func isUp() throws -> Bool {
                try hostile.fixture.run("ip -o link show torporT", in: hostile.fixture.host).output
                    .contains(",UP")
            }
            #expect(try isUp())
            // A table that belongs to a process is nobody else's while that lives.
            try hostile.run(
                """
                { (echo 'flush ruleset; add table inet torporT { flags owner; }'; sleep 3) | nft -i; } >/dev/null 2>&1 &
                """)
            try await hostile.fixture.eventually("it is down") {
                if case .lost = hostile.pool.report.firewall { return try !isUp() }
                return false
            }
            #expect(hostile.pool.report.problems.contains { $0.contains("were removed") })
            #expect(try !hostile.reaches("198.51.100.2", 7001))
            try await hostile.fixture.eventually("the rules are back") {
                hostile.fixture.told.notices.last == .rulesRestored(table: "torporT")
            }
            #expect(try isUp() && hostile.pool.report.problems.isEmpty)
            #expect(try !hostile.reaches("198.51.100.2", 7001))
            #expect(hostile.fixture.told.notices.first == .rulesLost(table: "torporT"))
        }
    }
}
