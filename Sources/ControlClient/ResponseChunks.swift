package import NIOCore
internal import NIOHTTP1

/// The body of one response, in order.
package struct ResponseChunks {
    private var parts: HTTPExchange.Inbound.AsyncIterator
    private let endpoint: Endpoint

    init(_ parts: HTTPExchange.Inbound.AsyncIterator, _ endpoint: Endpoint) {
        self.parts = parts
        self.endpoint = endpoint
    }

    /// The head of the final response; informational ones (1xx) are passed over.
    mutating func head() async throws -> HTTPResponseHead {
        while let part = try await parts.next(isolation: #isolation) {
            if case .head(let head) = part, !(100..<200).contains(head.status.code) { return head }
        }
        throw ClientError.closedEarly(endpoint)
    }

    /// The next bytes, or nil at the end of a complete body.
    package mutating func next() async throws -> ByteBuffer? {
        do {
            while let part = try await parts.next(isolation: #isolation) {
                switch part {
                case .body(let bytes): return bytes
                case .end: return nil
                case .head: continue
                }
            }
        } catch {
            throw ClientError.mapping(error, at: endpoint)
        }
        throw ClientError.closedEarly(endpoint)
    }

    /// The whole body.
    /// - Throws: `ClientError.notUnderstood` when it has more than `limit` bytes.
    package mutating func collect(limit: Int) async throws -> ByteBuffer {
        var body = ByteBuffer()
        while var chunk = try await next() {
            body.writeBuffer(&chunk)
            if body.readableBytes > limit {
                throw ClientError.notUnderstood(endpoint, "more than \(limit) bytes")
            }
        }
        return body
    }
}
