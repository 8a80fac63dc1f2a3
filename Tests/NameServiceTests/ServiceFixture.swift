import Core
import Foundation
import Glibc
import Logging
import NameService
import Synchronization

/// A name service on this host's loopback, whose functions are the loopback's addresses: 127.0.0.1, 127.0.0.2, …
struct ServiceFixture {
    let port: UInt16
    let counters: QueryCounters

    static func with(
        servers: [String], at serverPort: UInt16, timeout: Duration = .seconds(2),
        permission: NameServiceConfiguration.Permission? = .all,
        limits: NameServiceLimits = NameServiceLimits(), _ body: (ServiceFixture) throws -> Void
    ) async throws {
        var configuration = NameServiceConfiguration(
            address: "127.0.0.1", ownNames: Samples.ownNames(),
            permission: { $0.octets[0] == 127 ? permission : nil },
            servers: { NameServers(servers, timeout: timeout, port: Int(serverPort)) })
        configuration.limits = limits
        let (service, fixture) = try await start(configuration)
        do {
            try body(fixture)
        } catch {
            await service.shutdown()
            throw error
        }
        await service.shutdown()
        await service.run()
    }

    /// At any port that is free for both transports.
    static func start(
        _ configuration: NameServiceConfiguration, tries: Int = 10
    ) async throws -> (NameService, ServiceFixture) {
        var configuration = configuration
        configuration.port = 0
        let service = NameService(configuration, logger: Logger(label: "test"))
        do {
            let port = UInt16(try await service.start())
            return (service, ServiceFixture(port: port, counters: configuration.counters))
        } catch {
            guard tries > 0 else { throw error }
            return try await start(configuration, tries: tries - 1)
        }
    }

    /// Asks by UDP and waits for the answer; nil when none comes.
    func ask(_ message: [UInt8], from address: String = "127.0.0.1", seconds: Int = 5) throws -> [UInt8]? {
        let socket = try TestSocket(.datagram, at: address, seconds: seconds)
        try socket.connect("127.0.0.1", port)
        socket.send(message)
        return socket.receive()
    }

    func connect(from address: String = "127.0.0.1") throws -> TestSocket {
        let socket = try TestSocket(.stream, at: address)
        try socket.connect("127.0.0.1", port)
        return socket
    }

    func count(_ result: QueryResult) -> UInt64 { counters.read().first { $0.result == result }?.count ?? 0 }
}

/// A plain blocking socket, which gives up receiving after some seconds.
final class TestSocket: Sendable {
    enum Kind { case datagram, stream }
    let fd: Int32
    private let kind: Kind

    init(_ kind: Kind, at address: String = "127.0.0.1", port: UInt16 = 0, seconds: Int = 5) throws {
        self.kind = kind
        let type = kind == .datagram ? SOCK_DGRAM : SOCK_STREAM
        fd = socket(AF_INET, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var timeout = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        guard Self.with(address, port, { bind(fd, $0, $1) }) == 0 else { throw Failure(errno) }
    }

    private init(accepted fd: Int32) {
        self.fd = fd
        kind = .stream
    }

    deinit { close(fd) }

    struct Failure: Error {
        let code: Int32
        init(_ code: Int32) { self.code = code }
    }

    var port: UInt16 {
        var place = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &place) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(fd, $0, &size) }
        }
        return UInt16(bigEndian: place.sin_port)
    }

    func connect(_ address: String, _ port: UInt16) throws {
        guard Self.with(address, port, { Glibc.connect(fd, $0, $1) }) == 0 else { throw Failure(errno) }
    }

    func listen() { _ = Glibc.listen(fd, 64) }

    func accept() -> TestSocket? {
        let accepted = Glibc.accept(fd, nil, nil)
        return accepted < 0 ? nil : TestSocket(accepted: accepted)
    }

    func send(_ message: [UInt8]) {
        let bytes = kind == .stream ? Samples.word(UInt16(message.count)) + message : message
        _ = Glibc.send(fd, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// Nil at the end, or when nothing came in time.
    func receive() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 65_535)
        if kind == .datagram {
            let count = recv(fd, &bytes, bytes.count, 0)
            return count < 0 ? nil : Array(bytes[..<count])
        }
        guard recv(fd, &bytes, 2, Int32(MSG_WAITALL)) == 2 else { return nil }
        let length = Int(bytes[0]) << 8 | Int(bytes[1])
        return recv(fd, &bytes, length, Int32(MSG_WAITALL)) == length ? Array(bytes[..<length]) : nil
    }

    func receive(from place: inout sockaddr_in) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 65_535)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let count = withUnsafeMutablePointer(to: &place) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                recvfrom(fd, &bytes, bytes.count, 0, $0, &size)
            }
        }
        return count < 0 ? nil : Array(bytes[..<count])
    }

    func send(_ message: [UInt8], to place: sockaddr_in) {
        var place = place
        withUnsafePointer(to: &place) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = sendto(fd, message, message.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static func with(
        _ address: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = port.bigEndian
        inet_pton(AF_INET, address, &place.sin_addr)
        return withUnsafePointer(to: &place) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

/// A name server that says what it is told to, by UDP and by TCP of one port.
final class Upstream: Sendable {
    /// The messages to answer a query with, in their order.
    typealias Script = @Sendable (_ query: [UInt8], _ isStream: Bool) -> [[UInt8]]

    struct Asked: Sendable {
        var id: [UInt8]
        var port: UInt16
        var isStream: Bool
    }

    let port: UInt16
    private let list = Mutex<[Asked]>([])
    private let datagrams: TestSocket
    private let streams: TestSocket
    private let isOver = Atomic<Bool>(false)
    private let script: Script

    var asked: [Asked] { list.withLock { $0 } }

    init(at address: String = "127.0.0.1", port: UInt16 = 0, _ script: @escaping Script) throws {
        (datagrams, streams) = try Self.sockets(at: address, port: port, tries: port == 0 ? 10 : 1)
        self.port = datagrams.port
        streams.listen()
        self.script = script
        Thread.detachNewThread { [self] in serveDatagrams() }
        Thread.detachNewThread { [self] in serveStreams() }
    }

    func stop() { isOver.store(true, ordering: .relaxed) }

    /// A port that is free for one transport may be taken for the other.
    private static func sockets(
        at address: String, port: UInt16, tries: Int
    ) throws -> (datagrams: TestSocket, streams: TestSocket) {
        let datagrams = try TestSocket(.datagram, at: address, port: port, seconds: 1)
        do {
            return (datagrams, try TestSocket(.stream, at: address, port: datagrams.port, seconds: 1))
        } catch {
            guard tries > 1 else { throw error }
            return try sockets(at: address, port: port, tries: tries - 1)
        }
    }

    private func serveDatagrams() {
        while !isOver.load(ordering: .relaxed) {
            var from = sockaddr_in()
            guard let query = datagrams.receive(from: &from) else { continue }
            let place = from
            list.withLock {
                $0.append(
                    Asked(id: Array(query[..<2]), port: UInt16(bigEndian: place.sin_port), isStream: false))
            }
            for message in script(query, false) { datagrams.send(message, to: place) }
        }
    }

    private func serveStreams() {
        while !isOver.load(ordering: .relaxed) {
            guard let client = streams.accept(), let query = client.receive() else { continue }
            list.withLock { $0.append(Asked(id: Array(query[..<2]), port: 0, isStream: true)) }
            for message in script(query, true) { client.send(message) }
        }
    }
}
