import Core
import Glibc
import LinuxSystem
import Networking
import Testing

/// What each function may reach beyond this host.
@Suite(.enabled(if: NetworkFixture.canRun, NetworkFixture.reason), .serialized)
struct EgressPolicyTests {
    private func rules(_ texts: String...) throws -> NetworkSpec {
        .egress(try texts.map { try EgressRule(parsing: $0) })
    }

    @Test("a list lets through what it names, and nothing else; taken away, it would")
    func list() async throws {
        let network = try rules("198.51.100.0/24:7001,7010-7011", "203.0.113.0/24")
        try await Hostile.with(network: network) { hostile in
            let held = try [7001, 7010, 7011, 7012].map { try hostile.listen($0, in: hostile.internet) }
            #expect(held.count == 4)
            for port: UInt16 in [7001, 7010, 7011] {
                #expect(try hostile.reaches("198.51.100.1", port), "\(port)")
            }
            #expect(try !hostile.reaches("198.51.100.1", 7012))
            #expect(try hostile.reaches("198.51.100.1", 7012, from: hostile.b), "the other one has no list")
            func arrives(_ port: UInt16) throws -> Bool {
                try hostile.arrives(at: port, in: hostile.internet) {
                    try hostile.send(to: "198.51.100.1", port)
                }
            }
            #expect(try arrives(7001))
            #expect(try !arrives(53), "names are not resolved past a list")
            try hostile.run(
                "nft delete element inet torporT egress { \(hostile.address(of: hostile.first)) }")
            #expect(try hostile.reaches("198.51.100.1", 7012))
            #expect(try arrives(53))
        }
    }

    @Test("with egress none the gateway is all there is")
    func closed() async throws {
        try await Hostile.with(network: .egress([])) { hostile in
            let held = try hostile.listen(7001, in: hostile.internet)
            let gateway = try hostile.listen(NetworkFixture.gatewayPort, in: hostile.fixture.host)
            #expect(held.raw >= 0 && gateway.raw >= 0)
            #expect(try !hostile.reaches("198.51.100.1", 7001))
            #expect(try hostile.reaches("10.99.0.1", NetworkFixture.gatewayPort))
            try hostile.withoutChain("refuse")
            #expect(try hostile.reaches("198.51.100.1", 7001))
        }
    }

    @Test("a connection that a former user of the slot had does not open the way for the next one")
    func formerConnection() async throws {
        try await Hostile.with { hostile in
            func arrives(_ slot: SharedFD) throws -> Bool {
                try hostile.arrives(at: 7002, in: hostile.internet) {
                    try hostile.fixture.inside(slot) {
                        let fd = try Datagram.socket(boundTo: 7003)
                        Datagram.with("198.51.100.1", 7002) { _ = sendto(fd.raw, "x", 1, 0, $0, $1) }
                    }
                }
            }
            #expect(try arrives(hostile.a))
            hostile.pool.release(hostile.first)
            var taken: [SlotID] = []
            // Whichever slot comes next: this one is among them.
            for _ in 0..<16 {
                let slot = try await hostile.pool.acquire(.egress([]))
                taken.append(slot)
                if slot == hostile.first { break }
            }
            #expect(taken.contains(hostile.first))
            #expect(try !arrives(hostile.a))
        }
    }

    @Test(
        "a slot is given with the rules that are asked for, whoever had it before; chains go with their users"
    )
    func reuse() async throws {
        try await Hostile.with { hostile in
            let held = try hostile.listen(7001, in: hostile.internet)
            #expect(held.raw >= 0)
            let networks: [NetworkSpec] = [
                .egress([]), .default, try rules("198.51.100.1:7001"), try rules("203.0.113.0/24"), .default,
                .egress([]), try rules("203.0.113.0/24"),
            ]
            for round in 0..<60 {
                let network = networks[(round * round + round) % networks.count]
                let slot = try await hostile.pool.acquire(network)
                let place = try #require(hostile.pool.namespace(ofSlot: slot.number))
                let open = network == .default || network.description.contains("198.51.100.1")
                #expect(
                    try hostile.reaches("198.51.100.1", 7001, from: place) == open, "\(round): \(network)")
                hostile.pool.release(slot)
            }
            let chains = try hostile.fixture.run("nft list chains inet", in: hostile.fixture.host).output
            #expect(chains.split(separator: "\n").count { $0.contains("egress-") } <= 2, "\(chains)")
        }
    }

    @Test("the same rules again cost no transaction")
    func affinity() async throws {
        try await Hostile.with { hostile in
            let network = try rules("198.51.100.1:7001")
            let pool = hostile.pool
            // Once enough slots without rules are ready beside it, the slot stays as it is.
            let slot = try await pool.acquire(network)
            try await hostile.fixture.eventually("four without rules") { pool.counts(.default).ready >= 4 }
            pool.release(slot)
            try await hostile.fixture.eventually("it is ready") { pool.counts(.default).ready >= 5 }
            func generation() throws -> String {
                try hostile.fixture.run(
                    "nft -j list ruleset | tr , '\\n' | grep -c egress-", in: hostile.fixture.host
                )
                .output
            }
            let before = try generation()
            var slots: Set<SlotID> = []
            for _ in 0..<10 {
                let slot = try await pool.acquire(network)
                slots.insert(slot)
                pool.release(slot)
                try await hostile.fixture.eventually("it is back") {
                    let counts = pool.counts(.default)
                    return counts.inUse == 2 && counts.ready + 2 == counts.total
                }
            }
            let after = try generation()
            #expect(slots.count == 1 && before == after)
        }
    }

    @Test("a full pool serves whoever waits with other rules, and refuses when it is in use")
    func exhaustion() async throws {
        try await NetworkFixture.with(subnet: "10.99.0.0/29") { fixture, pool in
            var slots: [SlotID] = []
            for _ in 0..<5 { slots.append(try await pool.acquire(.egress([]))) }
            #expect(Set(slots).count == 5)
            await #expect(throws: InstanceFailure.self) { try await pool.acquire(.egress([])) }
            await #expect(throws: InstanceFailure.self) { try await pool.acquire(.default) }
            for slot in slots { pool.release(slot) }
            slots = []
            for _ in 0..<5 { slots.append(try await pool.acquire(.default)) }
            let elements = try fixture.run("nft list map inet torporT egress", in: fixture.host).output
            #expect(Set(slots).count == 5 && !elements.contains("elements"), "\(elements)")
        }
    }
}
