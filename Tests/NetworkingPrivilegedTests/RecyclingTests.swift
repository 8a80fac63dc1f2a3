import Core
import Glibc
import LinuxSystem
import Networking
import Testing

@Suite(.enabled(if: NetworkFixture.canRun, NetworkFixture.reason), .serialized)
struct RecyclingTests {
    @Test(
        "sockets that are left are destroyed, and the next instance binds the same port without SO_REUSEADDR")
    func leftovers() async throws {
        try await NetworkFixture.with { fixture, pool in
            let slot = try await pool.acquire(.none)
            let namespace = try #require(pool.namespace(ofSlot: slot.number))
            // The instance died: its ends are orphans now. The gateway still holds its own.
            let gateway = try fixture.inside(namespace) { () throws -> SharedFD in
                let server = try TestSocket(listeningOn: "127.0.0.1", port: 8080)
                let client = try TestSocket(connectingTo: "127.0.0.1", port: 8080)
                let accepted = OwnedFD(owning: try server.accept().descriptor)
                _ = try TestSocket(connectingTo: "127.0.0.1", port: 8080)
                _ = consume accepted
                return SharedFD(client.release())
            }
            #expect(try fixture.run("ss -Htan", in: namespace).output.isEmpty == false)
            pool.release(slot)
            try await fixture.eventually("its sockets are gone") {
                try fixture.run("ss -Htan", in: namespace).output.isEmpty
            }
            try await fixture.eventually("it comes back") { pool.counts(.none).ready >= 1 }
            var byte: UInt8 = 0
            #expect(send(gateway.raw, &byte, 1, Int32(truncatingIfNeeded: Int(MSG_NOSIGNAL))) < 0)
            try fixture.inside(namespace) { _ = try TestSocket(listeningOn: "127.0.0.1", port: 8080) }
        }
    }

    @Test("no TIME_WAIT is left by connections that the server closed")
    func timeWait() async throws {
        try await NetworkFixture.with { fixture, pool in
            let slot = try await pool.acquire(.none)
            let namespace = try #require(pool.namespace(ofSlot: slot.number))
            for _ in 0..<20 {
                try fixture.inside(namespace) {
                    let server = try TestSocket(listeningOn: "127.0.0.1", port: 8080)
                    let client = try TestSocket(connectingTo: "127.0.0.1", port: 8080)
                    close(try server.accept().descriptor)
                    var byte: UInt8 = 0
                    #expect(recv(client.fd.raw, &byte, 1, 0) == 0)
                }
            }
        }
    }

    @Test("two hundred acquire and release from several tasks: slots stay distinct, few and clean")
    func churn() async throws {
        try await NetworkFixture.with { fixture, pool in
            let used = await withTaskGroup(of: Set<SlotID>.self, returning: Set<SlotID>.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        var seen: Set<SlotID> = []
                        for _ in 0..<25 {
                            guard let slot = try? await pool.acquire(.default) else { continue }
                            seen.insert(slot)
                            pool.release(slot)
                        }
                        return seen
                    }
                }
                return await group.reduce(into: []) { $0.formUnion($1) }
            }
            #expect(!used.isEmpty && used.count <= 24, "\(used.count) slots for 8 users")
            try await fixture.eventually("all come back") {
                let counts = pool.counts(.default)
                return counts.inUse == 0 && counts.ready == counts.total
            }
        }
    }
}
