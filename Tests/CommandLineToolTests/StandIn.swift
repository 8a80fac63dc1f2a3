import ControlAPI
import Foundation
import Glibc
import Synchronization
import Testing

/// A daemon that says what a test makes it say, on a socket of its own.
final class StandIn: Sendable {
    struct Answer: Sendable {
        var status = "200 OK"
        var headers: [String] = []
        var body = Data()

        static func json(_ value: some Encodable) throws -> Answer {
            Answer(body: try ControlCoding.encode(value))
        }

        static func error(_ error: ControlError, headers: [String] = []) throws -> Answer {
            Answer(
                status: "\(error.kind.status) No", headers: headers,
                body: try ControlCoding.encode(ErrorBody(error: error)))
        }
    }

    let path: String
    /// Method and target of each request.
    let requests = Mutex<[String]>([])
    private let descriptor: Int32
    private let answer: @Sendable (String) throws -> Answer

    static func with(
        _ answer: @escaping @Sendable (String) throws -> Answer, _ body: (StandIn) async throws -> Void
    ) async throws {
        let server = try StandIn(answer)
        defer {
            shutdown(server.descriptor, Int32(SHUT_RDWR))
            unlink(server.path)
        }
        try await body(server)
    }

    private init(_ answer: @escaping @Sendable (String) throws -> Answer) throws {
        self.answer = answer
        path = NSTemporaryDirectory() + "torpor-\(UUID().uuidString.prefix(8)).sock"
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafeBytes(of: &address) { bytes in
            bytes.assumingMemoryBound(to: sockaddr.self).baseAddress.map {
                bind(descriptor, $0, socklen_t(bytes.count))
            }
        }
        try #require(bound == 0 && listen(descriptor, 16) == 0)
        Thread.detachNewThread { self.serve() }
    }

    /// One request of each connection.
    private func serve() {
        while case let client = accept(descriptor, nil, nil), client >= 0 {
            serve(client)
            close(client)
        }
        close(descriptor)
    }

    private func serve(_ client: Int32) {
        var request: [UInt8] = []
        var byte: UInt8 = 0
        // Head by head: bodies are left unread, but for those that come with the head.
        while !request.suffix(4).elementsEqual([13, 10, 13, 10]), read(client, &byte, 1) == 1 {
            request.append(byte)
        }
        let head = String(decoding: request, as: UTF8.self)
        if let length = head.firstMatch(of: /(?i)content-length: ([0-9]+)/).flatMap({ Int($0.1) }) {
            for _ in 0..<length where read(client, &byte, 1) != 1 { break }
        }
        let line = head.split(separator: " ").prefix(2).joined(separator: " ")
        requests.withLock { $0.append(line) }
        guard let answer = try? answer(line) else { return }
        let fields = answer.headers + ["Content-Length: \(answer.body.count)", "Connection: close"]
        let bytes =
            Array("HTTP/1.1 \(answer.status)\r\n\(fields.joined(separator: "\r\n"))\r\n\r\n".utf8)
            + answer.body
        _ = write(client, bytes, bytes.count)
    }
}
