import Foundation
import Synchronization

struct SocketError: Error, CustomStringConvertible {
    var description: String
    init(_ call: String) { description = "\(call): \(String(cString: strerror(errno)))" }
}

/// A blocking TCP socket with a time limit on every call: both ends of the tests.
final class RawSocket: @unchecked Sendable {
    // SAFETY: used by one thread at a time; `shut` may come from another, which shutdown(2) allows.
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(descriptor) }

    static func make(flags: Int32 = 0) throws -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | flags
        let descriptor = socket(AF_INET, type, 0)
        guard descriptor >= 0 else { throw SocketError("socket") }
        return descriptor
    }

    static func withLoopback<T>(
        _ port: UInt16, host: String = "127.0.0.1", _ body: (UnsafePointer<sockaddr>, socklen_t) -> T
    ) -> T {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    static func connect(_ port: Int, host: String = "127.0.0.1") throws -> RawSocket {
        let descriptor = try make()
        guard withLoopback(UInt16(port), host: host, { Foundation.connect(descriptor, $0, $1) }) == 0 else {
            close(descriptor)
            throw SocketError("connect")
        }
        return RawSocket(descriptor)
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw SocketError("send") }
            sent += count
        }
    }

    /// Reads what there is; empty at the end.
    func receive(_ limit: Int = 1 << 16) throws -> [UInt8] {
        if !buffer.isEmpty {
            let part = Array(buffer.prefix(limit))
            buffer.removeFirst(part.count)
            return part
        }
        var part = [UInt8](repeating: 0, count: limit)
        let count = recv(descriptor, &part, limit, 0)
        guard count >= 0 else { throw SocketError("recv") }
        return Array(part.prefix(count))
    }

    /// Up to and including `end`; nil when the connection ends before.
    func read(until end: String) throws -> String? {
        var found: [UInt8] = []
        let end = Array(end.utf8)
        while true {
            let part = try receive()
            if part.isEmpty { return nil }
            let from = max(0, found.count - end.count)
            found += part
            if let range = found[from...].firstRange(of: end) {
                buffer = Array(found[range.upperBound...]) + buffer
                return String(decoding: found[..<range.upperBound], as: UTF8.self)
            }
        }
    }

    func read(exactly count: Int) throws -> [UInt8] {
        var found: [UInt8] = []
        while found.count < count {
            let part = try receive(count - found.count)
            if part.isEmpty { throw SocketError("ended after \(found.count) of \(count) bytes") }
            found += part
        }
        return found
    }

    func readToEnd() throws -> [UInt8] {
        var all: [UInt8] = []
        while case let part = try receive(), !part.isEmpty { all += part }
        return all
    }

    /// Whether the peer ends the connection, orderly or not, and sends nothing more.
    func isEnded() -> Bool {
        guard let rest = try? receive() else { return errno != EAGAIN }
        return rest.isEmpty
    }

    func shut() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Waits for bytes and resets the connection without reading them (connect(2), AF_UNSPEC).
    func resetUnread() {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        poll(&waiting, 1, 20_000)
        var nowhere = sockaddr()
        _ = Foundation.connect(descriptor, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
    }
}

/// A response as the tests look at it.
struct Response {
    var status: Int
    var headers: [String: String]
    var body: [UInt8]
    var text: String { String(decoding: body, as: UTF8.self) }
}

extension RawSocket {
    /// One response, by its own framing.
    func response(head isHEAD: Bool = false) throws -> Response {
        guard let head = try read(until: "\r\n\r\n") else { throw SocketError("no response") }
        let lines = head.components(separatedBy: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let name = line[..<colon].lowercased()
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            headers[name] = headers[name].map { "\($0), \(value)" } ?? value
        }
        let status = Int(lines[0].split(separator: " ")[1]) ?? 0
        var body: [UInt8] = []
        if isHEAD || status == 204 || status == 304 || status < 200 {
            body = []
        } else if let length = headers["content-length"].flatMap({ Int($0) }) {
            body = try read(exactly: length)
        } else if headers["transfer-encoding"] == "chunked" {
            body = try readChunks()
        } else {
            body = try readToEnd()
        }
        return Response(status: status, headers: headers, body: body)
    }

    func readChunks() throws -> [UInt8] {
        var body: [UInt8] = []
        while true {
            guard let line = try read(until: "\r\n"),
                let size = Int(line.trimmingCharacters(in: .whitespacesAndNewlines), radix: 16)
            else {
                throw SocketError("bad chunk")
            }
            if size == 0 {
                _ = try read(until: "\r\n")
                return body
            }
            body += try read(exactly: size)
            _ = try read(exactly: 2)
        }
    }

    func get(_ path: String, _ headers: String = "") throws -> Response {
        try send("GET \(path) HTTP/1.1\r\nHost: h\r\n\(headers)\r\n")
        return try response()
    }
}

/// Runs blocking code on a thread of its own.
func blocking<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
}
