import Core
import Glibc
import LinuxSystem
import Networking
import Testing

@Suite(.enabled(if: NetworkFixture.canRun, NetworkFixture.reason), .serialized)
struct SlotPoolTests {
    @Test("a slot has its address, route and sysctls; a slot without egress has loopback only")
    func contents() async throws {
        try await NetworkFixture.with { fixture, pool in
            #expect(pool.report.problems.isEmpty, "\(pool.report.problems)")
            #expect(pool.report.capacity == 253)
            let slot = try await pool.acquire(.default)
            let namespace = try #require(pool.namespace(ofSlot: slot.number))
            let address = try fixture.run("ip -4 -br address show eth0", in: namespace).output
            #expect(address.contains("10.99.0.\(slot.number)/32"), "\(address)")
            #expect(
                try fixture.run("ip route", in: namespace).output.contains("default via 10.99.0.1 dev eth0"))
            #expect(try fixture.run("ip -6 address show eth0", in: namespace).output.isEmpty)
            let ports = "/proc/sys/net/ipv4/ip_unprivileged_port_start"
            let timeWait = "/proc/sys/net/ipv4/tcp_max_tw_buckets"
            #expect(try fixture.inside(namespace) { try File.text(ports) + File.text(timeWait) } == "0\n0\n")
            let port = try fixture.run("ip -d link show torporT.\(slot.number)", in: fixture.host).output
            #expect(port.contains("isolated on") && port.contains("master torporT"), "\(port)")

            let alone = try await pool.acquire(.none)
            let empty = try #require(pool.namespace(ofSlot: alone.number))
            #expect(alone != slot)
            let links = try fixture.run("ip -br link", in: empty).output.split(separator: "\n")
            #expect(links.allSatisfy { $0.hasPrefix("lo ") || $0.contains("DOWN") }, "\(links)")
            #expect(try fixture.run("ip -br link show lo", in: empty).output.contains("UP"))
        }
    }

    @Test("stopping leaves no bridge, veth, table or namespace")
    func stopping() async throws {
        let fixture = try NetworkFixture()
        let pool = try await fixture.start()
        try await fixture.eventually("spares are made") { pool.counts(.default).ready >= 4 }
        #expect(try fixture.run("nft list tables", in: fixture.host).output.contains("inet torporT"))
        await pool.stop()
        #expect(try fixture.run("ip -br link", in: fixture.host).output.contains("torporT") == false)
        #expect(try fixture.run("nft list tables", in: fixture.host).output == "")
        await #expect(throws: InstanceFailure.self) { try await pool.acquire(.default) }
    }

    @Test("what a killed daemon left is swept: its bridge is adopted, its ports are deleted")
    func sweeping() async throws {
        let fixture = try NetworkFixture()
        let left = try NetworkNamespace.create(host: fixture.outside)
        // As if killed: bridge, marked, with the address of another subnet and two ports, one namespace alive.
        let commands = """
            ip link add torporT type bridge && ip link set torporT alias torpor && ip link set torporT up &&
            ip address add 10.55.0.1/24 dev torporT && ip link add torporT.2 type veth peer name a &&
            ip link set torporT.2 master torporT && ip link add torporT.7 type veth peer name b &&
            ip link set torporT.7 master torporT && ip link add foreign type veth peer name c
            """
        #expect(try fixture.run(commands, in: fixture.host).status == 0)
        _ = left
        let pool = try await fixture.start()
        #expect(pool.report.adopted && pool.report.swept == 2)
        let addresses = try fixture.run("ip -4 -br address show torporT", in: fixture.host).output
        #expect(addresses.contains("10.99.0.1/24") && !addresses.contains("10.55"), "\(addresses)")
        #expect(try fixture.run("ip link show foreign", in: fixture.host).status == 0)
        await pool.stop()
        #expect(try fixture.run("ip link show torporT", in: fixture.host).status != 0)
    }

    @Test("a subnet, bridge name or daemon that is there already is named, with what to do")
    func clashes() async throws {
        let fixture = try NetworkFixture()
        let made = try fixture.run(
            """
            ip link add uplink type veth peer name far && ip link set far up && ip address add 10.98.3.9/24 dev uplink && ip link set uplink up &&
            ip route add 10.97.0.0/16 dev uplink && ip link add somebodys type bridge &&
            ip route add default dev uplink
            """, in: fixture.host)
        #expect(made.status == 0, "\(made.output)")
        func problem(bridge: String = "torporT", subnet: String) async -> String {
            do {
                await (try fixture.start(bridge: bridge, subnet: subnet)).stop()
                return "started"
            } catch { return "\(error)" }
        }
        let address = await problem(subnet: "10.98.0.0/16")
        #expect(address.contains("'uplink'") && address.contains("--subnet"), "\(address)")
        let route = await problem(subnet: "10.97.9.0/24")
        #expect(route.contains("'uplink'") && route.contains("10.97.0.0/16"), "\(route)")
        #expect(await problem(bridge: "uplink", subnet: "10.99.0.0/24").contains("no bridge"))
        #expect(await problem(bridge: "somebodys", subnet: "10.99.0.0/24").contains("did not make"))
        let pool = try await fixture.start()
        #expect(await problem(subnet: "10.96.0.0/24").contains("another torpord"))
        await pool.stop()
    }

    @Test("two daemons side by side, one with a bridge's name as long as it may be")
    func sideBySide() async throws {
        try await NetworkFixture.with { fixture, pool in
            let other = try await fixture.start(bridge: "a-very-long-one", subnet: "10.96.0.0/29")
            #expect(other.report.capacity == 5)
            let first = try await pool.acquire(.default)
            let second = try await other.acquire(.default)
            #expect(pool.namespace(ofSlot: first.number) !== other.namespace(ofSlot: second.number))
            await other.stop()
            #expect(
                try fixture.run("ip -br link", in: fixture.host).output.contains("torporT.\(first.number)"))
        }
    }

    @Test("a full subnet refuses at once, and serves whoever waits when a slot comes back")
    func exhaustion() async throws {
        try await NetworkFixture.with(subnet: "10.99.0.0/29") { _, pool in
            var slots: [SlotID] = []
            for _ in 0..<5 { slots.append(try await pool.acquire(.default)) }
            #expect(Set(slots).count == 5)
            await #expect(throws: InstanceFailure.self) { try await pool.acquire(.default) }
            pool.release(slots.removeLast())
            slots.append(try await pool.acquire(.default))
            #expect(Set(slots).count == 5)
        }
    }

    @Test("twenty acquire at once, some give up: no slot is given twice or lost")
    func crowd() async throws {
        try await NetworkFixture.with { fixture, pool in
            let taken = await withTaskGroup(of: SlotID?.self, returning: [SlotID].self) { group in
                for index in 0..<40 {
                    group.addTask {
                        let task = Task { try await pool.acquire(.default) }
                        if index % 2 == 0 { task.cancel() }
                        return try? await task.value
                    }
                }
                return await group.reduce(into: []) { if let slot = $1 { $0.append(slot) } }
            }
            #expect(taken.count >= 20 && Set(taken).count == taken.count)
            #expect(pool.counts(.default).inUse == taken.count)
            for slot in taken { pool.release(slot) }
            try await fixture.eventually("all come back") {
                let counts = pool.counts(.default)
                return counts.inUse == 0 && counts.ready == counts.total && counts.ready >= taken.count
            }
        }
    }
}
