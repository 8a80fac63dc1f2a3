import Foundation
import Glibc

/// An answer, byte by byte as it came.
struct Response: Sendable {
    var status: Int
    var fields: [(name: String, value: String)]
    var body: [UInt8]
    /// Whether the body came to the end that its framing promises.
    var isComplete = true

    var text: String { String(decoding: body, as: UTF8.self) }

    subscript(_ name: String) -> String? {
        fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// `cold`, `frozen` or `warm`, as Server-Timing says.
    var warmth: String? {
        self["Server-Timing"]?.split(separator: ",").first.flatMap { part in
            part.split(separator: "\"").dropFirst().first.map(String.init)
        }
    }

    /// Milliseconds of one part of Server-Timing: `queue`, `start`, `function`.
    func timing(_ name: String) -> Double? {
        for part in self["Server-Timing"]?.split(separator: ",") ?? [] {
            let words = part.trimmingCharacters(in: .whitespaces).split(separator: ";")
            guard words.first.map(String.init) == name else { continue }
            return words.dropFirst().first { $0.hasPrefix("dur=") }.flatMap { Double($0.dropFirst(4)) }
        }
        return nil
    }
}

/// One connection of a client that sends exactly the bytes it is given. Blocking, with a time limit on each call.
final class Connection {
    private let fd: Int32
    private var input: [UInt8] = []
    private var start = 0

    static func tcp(_ port: Int, host: String = "127.0.0.1", limit: Duration = .seconds(30)) throws
        -> Connection
    {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        return try withUnsafeBytes(of: address) { try Connection(AF_INET, $0, limit, "port \(port)") }
    }

    static func unix(_ path: String, limit: Duration = .seconds(60)) throws -> Connection {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) {
            $0.copyBytes(from: Array(path.utf8).prefix($0.count - 1))
        }
        return try withUnsafeBytes(of: address) { try Connection(AF_UNIX, $0, limit, path) }
    }

    private init(_ family: Int32, _ address: UnsafeRawBufferPointer, _ limit: Duration, _ name: String) throws
    {
        fd = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var time = timeval(tv_sec: Int(limit.components.seconds), tv_usec: 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        guard
            connect(fd, address.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(address.count))
                == 0
        else { throw TestFailure("connect to \(name): \(String(cString: strerror(errno)))") }
    }

    deinit { Glibc.close(fd) }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(fd, $0.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw TestFailure("send: \(String(cString: strerror(errno)))") }
            sent += count
        }
    }

    func endSending() { shutdown(fd, Int32(SHUT_WR)) }

    /// Ends the connection with RST.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        // The descriptor stays ours; its end of the connection becomes /dev/null, which closes the socket.
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        dup2(null, fd)
        Glibc.close(null)
    }

    /// What has come, at least a byte; empty at the end.
    func receive() throws -> [UInt8] {
        if start < input.count {
            defer { (input, start) = ([], 0) }
            return Array(input[start...])
        }
        var bytes = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count = bytes.withUnsafeMutableBytes { recv(fd, $0.baseAddress, $0.count, 0) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw TestFailure("recv: \(String(cString: strerror(errno)))") }
            return Array(bytes.prefix(count))
        }
    }

    /// Everything until the other side closes, also by RST.
    func receiveAll() -> [UInt8] {
        var all: [UInt8] = []
        while let more = try? receive(), !more.isEmpty { all += more }
        return all
    }

    private func line() throws -> String {
        while true {
            if let end = input[start...].firstIndex(of: 10) {
                defer { start = end + 1 }
                return String(decoding: input[start..<end], as: UTF8.self).trimmingCharacters(in: ["\r"])
            }
            let kept = Array(input[start...])
            (input, start) = ([], 0)
            let more = try receive()
            guard !more.isEmpty else {
                throw TestFailure("the connection ended within a line: \(kept.count) bytes")
            }
            input = kept + more
        }
    }

    /// Reads a head; 1xx answers are skipped.
    func head() throws -> Response {
        while true {
            let words = try line().split(separator: " ", maxSplits: 2)
            guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
                throw TestFailure("no status line: \(words)")
            }
            var fields: [(name: String, value: String)] = []
            while case let text = try line(), !text.isEmpty {
                guard let colon = text.firstIndex(of: ":") else { throw TestFailure("no field: \(text)") }
                fields.append(
                    (
                        String(text[..<colon]),
                        text[text.index(after: colon)...].trimmingCharacters(in: [" ", "\t"])
                    ))
            }
            if status >= 200 { return Response(status: status, fields: fields, body: []) }
        }
    }

    /// Reads a whole answer. A body that breaks off is returned as far as it came, `isComplete` being false.
    func response(to method: String = "GET") throws -> Response {
        var response = try head()
        do {
            try body(of: &response, method)
        } catch {
            response.isComplete = false
        }
        return response
    }

    private func body(of response: inout Response, _ method: String) throws {
        if method == "HEAD" || response.status == 204 || response.status == 304 { return }
        if response["Transfer-Encoding"]?.lowercased() == "chunked" {
            while case let size = try chunkSize(), size > 0 {
                try take(size, into: &response.body)
                _ = try line()
            }
            while try !line().isEmpty {}
        } else if let length = response["Content-Length"].flatMap(Int.init) {
            try take(length, into: &response.body)
        } else {
            while case let more = try receive(), !more.isEmpty { response.body += more }
        }
    }

    private func chunkSize() throws -> Int {
        let text = try line()
        guard let size = Int(text.prefix { $0.isHexDigit }, radix: 16) else {
            throw TestFailure("no chunk: \(text)")
        }
        return size
    }

    private func take(_ count: Int, into body: inout [UInt8]) throws {
        var left = count
        while left > 0 {
            let bytes = try receive()
            guard !bytes.isEmpty else { throw TestFailure("the body ended \(left) bytes early") }
            body += bytes.prefix(left)
            if bytes.count > left { (input, start) = (bytes, left) }
            left -= min(left, bytes.count)
        }
    }
}

/// A request's head.
func requestHead(_ method: String, _ target: String, _ fields: [(String, String)] = []) -> String {
    let host = fields.contains { $0.0.lowercased() == "host" } ? [] : [("Host", "localhost")]
    return "\(method) \(target) HTTP/1.1\r\n" + (host + fields).map { "\($0): \($1)\r\n" }.joined() + "\r\n"
}
