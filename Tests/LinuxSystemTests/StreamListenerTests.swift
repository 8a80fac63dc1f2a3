import Glibc
import LinuxSystem
import Testing

@Suite struct StreamListenerTests {
    private func address(_ name: String) -> sockaddr_un {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // An abstract name (unix(7)): after a NUL, and as long as the address.
        withUnsafeMutableBytes(of: &address.sun_path) { $0.dropFirst().copyBytes(from: Array(name.utf8)) }
        return address
    }

    private func call(
        _ body: (Int32, UnsafePointer<sockaddr>?, socklen_t) -> Int32, _ socket: Int32, _ name: String
    ) -> Int32 {
        withUnsafeBytes(of: address(name)) { bytes in
            body(socket, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(bytes.count))
        }
    }

    @Test func `Nobody who waits is no reason to wait, and a connection is nobody else's`() throws {
        let name = "torpor-listener-\(HostIdentity.processID)-\(UInt32.random(in: 0 ... .max))"
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let listener = SharedFD(
            OwnedFD(owning: socket(AF_UNIX, kind | Int32(SOCK_NONBLOCK.rawValue), 0)))
        #expect(call(bind, listener.raw, name) == 0)
        #expect(listen(listener.raw, 1) == 0)
        #expect(try StreamListener.accept(listener) == nil)
        let client = SharedFD(OwnedFD(owning: socket(AF_UNIX, kind, 0)))
        #expect(call(connect, client.raw, name) == 0)
        let accepted = try #require(try StreamListener.accept(listener))
        #expect(fcntl(accepted.raw, F_GETFD) & FD_CLOEXEC != 0)
        #expect(fcntl(accepted.raw, F_GETFL) & O_NONBLOCK == 0, "it is read by a thread that waits")
        #expect(try StreamListener.accept(listener) == nil)
    }
}
