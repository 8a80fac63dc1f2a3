internal import Core
internal import NIOCore

/// A function's connection: one query after the other, each read when the answer before it has been sent, so that nobody
/// who does not read can pile up answers (RFC 7766).
final class StreamClient: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let desk: QueryDesk
    private let source: IPv4Address
    private var stream = MessageStream()
    private var isAnswering = false
    private var isReading = false
    private var isServing = false
    private var timer: Scheduled<Void>?

    init(_ desk: QueryDesk, _ source: IPv4Address) {
        self.desk = desk
        self.source = source
    }

    func channelActive(context: ChannelHandlerContext) { serve(context) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { stream.add(unwrapInboundIn(data)) }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        serve(context)
    }

    /// Not by recursion: what is answered at once is sent at once, and thousands of queries may wait.
    private func serve(_ context: ChannelHandlerContext) {
        guard !isServing else { return }
        isServing = true
        defer { isServing = false }
        while !isAnswering, context.channel.isActive {
            if let length = stream.nextLength, length > Limits.nameQueryBytes {
                return context.close(promise: nil)
            }
            guard let message = stream.next() else { return waitForMore(context) }
            answer(message, context)
        }
    }

    private func waitForMore(_ context: ChannelHandlerContext) {
        if timer == nil { closeLater(context.channel) }
        guard !isReading else { return }
        isReading = true
        context.read()
    }

    private func answer(_ message: [UInt8], _ context: ChannelHandlerContext) {
        isAnswering = true
        timer?.cancel()
        timer = nil
        // The channel outlives its pipeline's contexts.
        let channel = context.channel
        let own = NIOLoopBound((self, context), eventLoop: channel.eventLoop)
        desk.take(message, from: source, isStream: true) { [self] reply in
            guard channel.isActive else { return }
            guard let reply else { return channel.close(promise: nil) }
            var buffer = channel.allocator.buffer(capacity: reply.count + 2)
            buffer.writeInteger(UInt16(reply.count))
            buffer.writeBytes(reply)
            // Also for the time that sending takes.
            closeLater(channel)
            channel.writeAndFlush(buffer).whenSuccess {
                let (client, context) = own.value
                client.isAnswering = false
                client.serve(context)
            }
        }
    }

    private func closeLater(_ channel: any Channel) {
        timer?.cancel()
        timer = channel.eventLoop.scheduleTask(in: desk.streamIdle) { channel.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
