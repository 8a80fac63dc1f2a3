import Core
import Glibc
import LinuxSystem
import Networking
import Testing

@Suite(.enabled(if: NetworkFixture.canRun, NetworkFixture.reason), .serialized)
struct EgressTests {
    @Test("a function reaches the Internet under the host's address, and answers come back")
    func translation() async throws {
        try await NetworkFixture.with { fixture, pool in
            let internet = try Hostile.makeInternet(fixture)
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
}
