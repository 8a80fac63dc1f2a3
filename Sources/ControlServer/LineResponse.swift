internal import ControlAPI
internal import FoundationEssentials
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore
internal import ServiceLifecycle

/// Values as newline-delimited JSON, as they come. Ends when the reader goes away or the daemon shuts
/// down, which followed logs and events would otherwise hold up.
enum LineResponse {
    static func make<Lines: AsyncSequence & Sendable>(_ lines: Lines, _ request: Request) -> Response
    where Lines.Element: Encodable & Sendable {
        Response(
            status: .ok, headers: [.contentType: "application/x-ndjson"],
            body: ResponseBody { writer in
                var output = writer
                // A reader that leaves while nothing is written is noticed by the end of its side.
                try await request.body.consumeWithCancellationOnInboundClose { _ in
                    try await write(lines, to: &output)
                }
                try await output.finish(nil)
            })
    }

    @concurrent private static func write<Lines: AsyncSequence & Sendable>(
        _ lines: Lines, to writer: inout any ResponseBodyWriter
    ) async throws where Lines.Element: Encodable & Sendable {
        for try await line in lines.cancelOnGracefulShutdown() {
            var text = try ControlCoding.encode(line)
            text.append(UInt8(ascii: "\n"))
            try await writer.write(ByteBuffer(bytes: text))
        }
    }
}
