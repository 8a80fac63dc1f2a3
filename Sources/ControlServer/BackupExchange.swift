internal import ControlAPI
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore

/// Backups as bodies: streamed out, and in.
enum BackupExchange {
    /// A backup that comes to no end ends the connection, so that nobody takes it for whole.
    static func response(_ stream: any BackupStream) -> Response {
        let owner = StreamOwner(stream)
        return Response(
            status: .ok, headers: [.contentType: "application/x-tar"],
            body: ResponseBody { writer in
                let stream = owner.stream
                var output = writer
                do {
                    while let bytes = try await stream.next() {
                        try await output.write(ByteBuffer(bytes: bytes))
                    }
                } catch {
                    await stream.close()
                    throw error
                }
                await stream.close()
                try await output.finish(nil)
            })
    }

    static func restore(
        _ request: Request, into sink: any RestoreSink
    ) async throws(ControlError) -> RestoreReport {
        do {
            for try await part in request.body { try await sink.write(Array(part.readableBytesView)) }
            return try await sink.finish()
        } catch {
            await sink.abandon()
            throw error as? ControlError ?? ControlError(.malformed, "the backup did not arrive: \(error)")
        }
    }

    static func replaces(_ query: String?) throws(ControlError) -> Bool {
        switch query ?? "" {
        case "", "replace=false": return false
        case "replace=true": return true
        default:
            throw ControlError(
                .malformed, "'\(query ?? "")' is not understood", allowed: "replace=true or replace=false")
        }
    }
}

/// Closes a backup whose body was never asked for: its client had left before the head of the answer.
private final class StreamOwner: Sendable {
    let stream: any BackupStream

    init(_ stream: any BackupStream) { self.stream = stream }

    deinit {
        let stream = stream
        Task { await stream.close() }  // Ends by itself; the second time it does nothing.
    }
}
