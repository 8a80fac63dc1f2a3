import Foundation
import Synchronization

/// A function's server, one thread per connection, that does what its script says.
final class ScriptedUpstream: Sendable {
    let port: UInt16
    private let listener: Int32
    private let accepted = Atomic<Int>(0)
    private let sockets = Mutex<[RawSocket]>([])

    var connections: Int { accepted.load(ordering: .relaxed) }
    /// Connections that are open now.
    var open: Int { sockets.withLock { $0.count } }

    /// - Parameter script: gets each connection and its number, from 0. Errors end the connection.
    init(_ script: @escaping @Sendable (RawSocket, Int) throws -> Void) throws {
        let listener = try RawSocket.make()
        self.listener = listener
        guard RawSocket.withLoopback(0, { bind(listener, $0, $1) }) == 0, listen(listener, 512) == 0 else {
            throw SocketError("bind")
        }
        port = try Self.port(of: listener)
        Thread.detachNewThread { [self] in serve(script) }
    }

    private func serve(_ script: @escaping @Sendable (RawSocket, Int) throws -> Void) {
        while case let descriptor = accept(listener, nil, nil), descriptor >= 0 {
            let socket = RawSocket(descriptor)
            let number = accepted.wrappingAdd(1, ordering: .relaxed).oldValue
            sockets.withLock { $0.append(socket) }
            Thread.detachNewThread { [self] in
                try? script(socket, number)
                socket.shut()
                sockets.withLock { sockets in sockets.removeAll { $0 === socket } }
            }
        }
    }

    /// Stops listening and ends every connection.
    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        for socket in sockets.withLock({ $0 }) { socket.shut() }
    }

    static func port(of descriptor: Int32) throws -> UInt16 {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard result == 0 else { throw SocketError("getsockname") }
        return UInt16(bigEndian: address.sin_port)
    }

    /// A port on which nobody listens.
    static func closedPort() throws -> UInt16 {
        let descriptor = try RawSocket.make()
        defer { close(descriptor) }
        guard RawSocket.withLoopback(0, { bind(descriptor, $0, $1) }) == 0 else { throw SocketError("bind") }
        return try port(of: descriptor)
    }

    /// Answers each request on a kept connection with its own body, or with its request line when it has none.
    static func echo(_ socket: RawSocket, _ number: Int) throws {
        while let request = try Request.read(socket) {
            let body = request.body.isEmpty ? Array(request.line.utf8) : request.body
            try socket.send(Array("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body)
        }
    }
}

struct Request {
    var line: String
    var head: String
    var body: [UInt8]

    static func read(_ socket: RawSocket) throws -> Request? {
        guard let head = try socket.read(until: "\r\n\r\n") else { return nil }
        let lines = head.components(separatedBy: "\r\n")
        var body: [UInt8] = []
        for line in lines.dropFirst() {
            let lower = line.lowercased()
            if lower.hasPrefix("content-length:"), let length = Int(lower.dropFirst(15).filter(\.isNumber)) {
                body = try socket.read(exactly: length)
            }
            if lower == "transfer-encoding: chunked" { body = try socket.readChunks() }
        }
        return Request(line: lines[0], head: head, body: body)
    }
}
