internal import Core
internal import HTTPWire
internal import NIOCore

/// What a command writes, as the HTTP response that the exchange relays. Its beginning is held back for a little while, so
/// that a command that fails soon fails with a status; what goes on is streamed in chunks. Pure: output in, bytes out.
struct CommandAnswer {
    enum Step: Equatable {
        case nothing
        /// A part of the response.
        case send(ByteBuffer)
        /// The rest of it.
        case finish(ByteBuffer)
        /// Nothing of it has been sent: the gateway answers instead.
        case refuse(Refusal)
        /// It ends before its end.
        case cut
    }

    private let isCGI: Bool
    /// In answer to HEAD, or with a status that has no body.
    private var discardsBody: Bool
    private var isStreaming = false
    private var held = ByteBuffer()
    /// Bytes of output so far.
    private var count = 0

    init(isCGI: Bool, isHEAD: Bool) {
        self.isCGI = isCGI
        discardsBody = isHEAD
    }

    mutating func wrote(_ bytes: ByteBuffer) -> Step {
        count += bytes.readableBytes
        if isStreaming { return .send(Self.chunk(of: bytes)) }
        var bytes = bytes
        // Beyond the limit only what has no place in the response comes here.
        if held.readableBytes < Limits.heldOutputBytes { held.writeBuffer(&bytes) }
        return held.readableBytes >= Limits.heldOutputBytes ? release() : .nothing
    }

    /// The output has been held back long enough.
    mutating func release() -> Step {
        guard !isStreaming, !discardsBody else { return .nothing }
        do {
            guard let head = try readHead() else {
                return held.readableBytes >= Limits.heldOutputBytes ? .refuse(.invalidResponse) : .nothing
            }
            if head.isBodyless {
                discardsBody = true
                return .nothing
            }
            isStreaming = true
            var response = ByteBuffer(bytes: head.bytes(bodyLength: nil))
            held.moveReaderIndex(forwardBy: head.length)
            var first = Self.chunk(of: held)
            response.writeBuffer(&first)
            held = ByteBuffer()
            return .send(response)
        } catch {
            return .refuse(.invalidResponse)
        }
    }

    /// The command has ended, and nothing of its output is still to come.
    mutating func ended(_ end: ProcessEnd) -> Step {
        switch end {
        case .exited(.code(0)):
            return isStreaming ? .finish(ByteBuffer(string: "0\r\n\r\n")) : whole(failed: false)
        case _ where isStreaming: return .cut
        case .exited(.code): return isCGI || count == 0 ? .refuse(.commandFailed) : whole(failed: true)
        case .exited(.oomKilled): return .refuse(.oomKilled)
        case .exited: return .refuse(.commandKilled)
        case .failed: return .refuse(.startFailed)
        case .lost: return .cut
        }
    }

    private mutating func whole(failed: Bool) -> Step {
        do {
            guard let head = failed ? .failed : try readHead() else { return .refuse(.invalidResponse) }
            var response = ByteBuffer(bytes: head.bytes(bodyLength: count - head.length))
            held.moveReaderIndex(forwardBy: head.length)
            if !discardsBody, !head.isBodyless { response.writeBuffer(&held) }
            return .finish(response)
        } catch {
            return .refuse(.invalidResponse)
        }
    }

    private func readHead() throws(HeadError) -> CommandHead? {
        isCGI ? try CommandHead(cgi: held.readableBytesSpan) : .plain
    }

    private static func chunk(of bytes: ByteBuffer) -> ByteBuffer {
        // An empty chunk would be the end.
        guard bytes.readableBytes > 0 else { return ByteBuffer() }
        var bytes = bytes
        var chunk = ByteBuffer(string: String(bytes.readableBytes, radix: 16) + "\r\n")
        chunk.writeBuffer(&bytes)
        chunk.writeStaticString("\r\n")
        return chunk
    }
}
