import Foundation
import Glibc
import Synchronization

/// A name server of this host's, on its loopback, by UDP and TCP. To `A` of most names it says 192.0.2.7; to `big.…` more than
/// a datagram takes, to `slow.…` nothing.
final class FakeNameServer: Sendable {
    static let answer = "192.0.2.7"
    private static let bigAnswer = 250
    private let names = Mutex<[String]>([])
    private let isOver = Atomic<Bool>(false)
    private let datagrams: Int32
    private let streams: Int32
    private let thread = Mutex<Background<Void>?>(nil)

    /// Names that were asked, in their order.
    var asked: [String] { names.withLock { $0 } }

    static func with<Result>(_ address: String, _ body: (FakeNameServer) throws -> Result) throws -> Result {
        let server = try FakeNameServer(address)
        defer { server.stop() }
        return try body(server)
    }

    private init(_ address: String) throws {
        datagrams = try Self.bound(address, SOCK_DGRAM)
        streams = try Self.bound(address, SOCK_STREAM)
        listen(streams, 64)
        thread.withLock { $0 = Background { [self] in serve() } }
    }

    private func stop() {
        isOver.store(true, ordering: .relaxed)
        _ = try? thread.withLock { $0 }?.wait()
        close(datagrams)
        close(streams)
    }

    static func bound(_ address: String, _ type: __socket_type, port: UInt16 = 53) throws -> Int32 {
        let fd = socket(AF_INET, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var one: Int32 = 1
        if type == SOCK_STREAM { setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, 4) }
        // Also at an address that is yet to come.
        setsockopt(fd, Int32(IPPROTO_IP), IP_FREEBIND, &one, 4)
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = port.bigEndian
        inet_pton(AF_INET, address, &place.sin_addr)
        let result = withUnsafePointer(to: &place) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            let problem = String(cString: strerror(errno))
            close(fd)
            throw TestFailure("\(address):\(port): \(problem)")
        }
        return fd
    }

    private func serve() {
        while !isOver.load(ordering: .relaxed) {
            var places = [
                pollfd(fd: datagrams, events: Int16(POLLIN), revents: 0),
                pollfd(fd: streams, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&places, 2, 50) > 0 else { continue }
            if places[0].revents != 0 { serveDatagram() }
            if places[1].revents != 0 { serveStream() }
        }
    }

    private func serveDatagram() {
        var query = [UInt8](repeating: 0, count: 4096)
        var from = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &from) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { from in
                let count = recvfrom(
                    datagrams, &query, query.count, Int32(MSG_DONTWAIT), from, &size)
                guard count > 0, let reply = reply(Array(query[..<count]), isStream: false) else { return }
                sendto(datagrams, reply, reply.count, 0, from, size)
            }
        }
    }

    private func serveStream() {
        let fd = accept(streams, nil, nil)
        defer { close(fd) }
        var head = [UInt8](repeating: 0, count: 2)
        guard recv(fd, &head, 2, Int32(MSG_WAITALL)) == 2 else { return }
        var query = [UInt8](repeating: 0, count: Int(head[0]) << 8 | Int(head[1]))
        guard recv(fd, &query, query.count, Int32(MSG_WAITALL)) == query.count,
            let reply = reply(query, isStream: true)
        else { return }
        let bytes = [UInt8(reply.count >> 8), UInt8(reply.count & 0xff)] + reply
        send(fd, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    private func reply(_ query: [UInt8], isStream: Bool) -> [UInt8]? {
        guard query.count > 16 else { return nil }
        var labels: [String] = []
        var at = 12
        while at < query.count, query[at] > 0, at + 1 + Int(query[at]) < query.count {
            labels.append(String(decoding: query[(at + 1)...(at + Int(query[at]))], as: UTF8.self))
            at += 1 + Int(query[at])
        }
        let name = labels.joined(separator: ".")
        names.withLock { $0.append(name) }
        let end = at + 5
        guard end <= query.count, !labels.contains("slow") else { return nil }
        let isBig = labels.first == "big"
        let isCut = isBig && !isStream
        let count = isCut ? 0 : isBig ? Self.bigAnswer : 1
        var reply =
            query[..<2] + [
                isCut ? 0x83 : 0x81, 0x80, 0, 1, UInt8(count >> 8), UInt8(count & 0xff), 0, 0, 0, 0,
            ]
        reply += query[12..<end]
        for _ in 0..<count { reply += [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7] }
        return Array(reply)
    }
}
