internal import ControlAPI
internal import FoundationEssentials
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore
internal import ServiceLifecycle

/// Log lines as newline-delimited JSON, as they come. Ends when the reader goes away or the daemon shuts
/// down, which a followed log would otherwise hold up.
enum LogResponse {
    static func make(_ lines: LogLines, _ request: Request) -> Response {
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
    ) async throws where Lines.Element == LogLine {
        for try await line in lines.cancelOnGracefulShutdown() {
            var text = try ControlCoding.encode(line)
            text.append(UInt8(ascii: "\n"))
            try await writer.write(ByteBuffer(bytes: text))
        }
    }
}
