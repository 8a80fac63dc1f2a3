import Core
import Glibc
import LinuxSystem
import Networking
import Testing

@Suite(.enabled(if: NetworkFixture.canRun, NetworkFixture.reason), .serialized)
struct EgressTests {
    /// A second namespace that plays the Internet, 198.51.100.1 beside the host's 198.51.100.2.
    private func internet(_ fixture: NetworkFixture) throws -> SharedFD {
        let internet = try NetworkNamespace.create(host: fixture.outside)
        // Descriptors are close-on-exec, so `ip` gets to the namespace through this process.
        let own = "/proc/\(getpid())/fd/\(internet.raw)"
        let made = try fixture.run(
            """
            ip link add uplink type veth peer name far && ip address add 198.51.100.2/24 dev uplink &&
            ip link set uplink up && ip link set far netns \(own)
            """, in: fixture.host)
        try #require(made.status == 0, "\(made.output)")
        let up = try fixture.run(
            "ip link set lo up && ip address add 198.51.100.1/24 dev far && ip link set far up", in: internet)
        try #require(up.status == 0, "\(up.output)")
        return internet
    }

    @Test("a function reaches the Internet under the host's address, and answers come back")
    func translation() async throws {
        try await NetworkFixture.with { fixture, pool in
            let internet = try internet(fixture)
            let slot = try await pool.acquire(.default)
            let namespace = try #require(pool.namespace(ofSlot: slot.number))
            let server = try fixture.inside(internet) {
                SharedFD(try TestSocket(listeningOn: "0.0.0.0", port: 7000).release())
            }
            let client = try fixture.inside(namespace) {
                SharedFD(try TestSocket(connectingTo: "198.51.100.1", port: 7000).release())
            }
            var address = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let accepted = withUnsafeMutableBytes(of: &address) {
                accept(server.raw, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length)
            }
            try #require(accepted >= 0)
            let connection = SharedFD(OwnedFD(owning: accepted))
            #expect(
                IPv4Address(number: UInt32(bigEndian: address.sin_addr.s_addr)).description == "198.51.100.2")
            #expect(send(connection.raw, "hi", 2, 0) == 2)
            var answer = [UInt8](repeating: 0, count: 2)
            #expect(recv(client.raw, &answer, 2, 0) == 2 && answer == Array("hi".utf8))
        }
    }

    @Test(
        "a function reaches neither the host's services nor another function, nor does the Internet reach it")
    func isolation() async throws {
        try await NetworkFixture.with { fixture, pool in
            let internet = try internet(fixture)
            let (first, second) = (try await pool.acquire(.default), try await pool.acquire(.default))
            let a = try #require(pool.namespace(ofSlot: first.number))
            let b = try #require(pool.namespace(ofSlot: second.number))
            let held = try [fixture.host, b].map { place in
                try fixture.inside(place) {
                    SharedFD(try TestSocket(listeningOn: "0.0.0.0", port: 7001).release())
                }
            }
            #expect(held.count == 2)
            func reaches(_ address: String, from place: SharedFD) throws -> Bool {
                try fixture.inside(place) {
                    (try? TestSocket(connectingTo: address, port: 7001, seconds: 1)) != nil
                }
            }
            // The servers are there: from their own side they answer.
            #expect(try reaches("10.99.0.1", from: fixture.host))
            #expect(try reaches("10.99.0.\(second.number)", from: b))
            for address in ["10.99.0.1", "198.51.100.2", "10.99.0.\(second.number)"] {
                #expect(try !reaches(address, from: a), "\(address)")
            }
            try fixture.run("ip route add 10.99.0.0/24 via 198.51.100.2", in: internet)
            #expect(try !reaches("10.99.0.\(second.number)", from: internet))
        }
    }
}
