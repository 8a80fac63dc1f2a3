internal import Core
internal import NIOCore
internal import NIOPosix

/// One query to one server, with a socket of its own, whose port the kernel chooses, and an id of its own: who would forge
/// an answer has to guess both (RFC 5452, 9.2).
///
// SAFETY: touched on its event loop alone.
final class Attempt: @unchecked Sendable {
    private let query: DNSQuery
    private let server: SocketAddress
    private let isStream: Bool
    private let patience: TimeAmount
    private let eventLoop: any EventLoop
    private let id = UInt16.random(in: .min ... .max)
    private var done: (([UInt8]?) -> Void)?
    private var timer: Scheduled<Void>?
    private var channel: (any Channel)?

    /// - Parameter done: is given the answer with the query's own id, or nil; once.
    init(
        _ query: DNSQuery, at server: SocketAddress, isStream: Bool, patience: TimeAmount,
        eventLoop: any EventLoop, done: @escaping ([UInt8]?) -> Void
    ) {
        self.query = query
        self.server = server
        self.isStream = isStream
        self.patience = patience
        self.eventLoop = eventLoop
        self.done = done
    }

    func start() {
        timer = eventLoop.scheduleTask(in: patience) { self.end(nil) }
        let connected =
            isStream
            ? ClientBootstrap(group: eventLoop).connectTimeout(patience)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(StreamAnswers(self))
                    }
                }.connect(to: server)
            : DatagramBootstrap(group: eventLoop)
                .channelOption(
                    .recvAllocator,
                    value: FixedSizeRecvByteBufferAllocator(capacity: Limits.nameAnswerBytes + 1)
                )
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(DatagramAnswers(self))
                    }
                }.connect(to: server)
        connected.whenComplete { self.opened(try? $0.get()) }
    }

    private func opened(_ channel: (any Channel)?) {
        guard let channel else { return end(nil) }
        guard done != nil else { return channel.close(promise: nil) }
        self.channel = channel
        let message = query.message(id: id)
        var buffer = channel.allocator.buffer(capacity: message.count + 2)
        if isStream { buffer.writeInteger(UInt16(message.count)) }
        buffer.writeBytes(message)
        channel.writeAndFlush(buffer).whenFailure { _ in self.end(nil) }
    }

    /// A whole message. What is not the answer is not looked at any further: the answer may yet come.
    fileprivate func received(_ message: [UInt8]) {
        guard let answer = query.answer(message, id: id) else { return }
        end(!isStream && answer.count > Limits.nameAnswerBytes ? query.truncated(answer) : answer)
    }

    fileprivate func end(_ answer: [UInt8]?) {
        guard let done else { return }
        self.done = nil
        timer?.cancel()
        channel?.close(promise: nil)
        done(answer)
    }
}

private final class DatagramAnswers: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    private let attempt: Attempt

    init(_ attempt: Attempt) { self.attempt = attempt }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        attempt.received(Array(unwrapInboundIn(data).data.readableBytesView))
    }

    /// Nobody listens there.
    func errorCaught(context: ChannelHandlerContext, error: any Error) { attempt.end(nil) }
    func channelInactive(context: ChannelHandlerContext) { attempt.end(nil) }
}

private final class StreamAnswers: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let attempt: Attempt
    private var stream = MessageStream()

    init(_ attempt: Attempt) { self.attempt = attempt }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        stream.add(unwrapInboundIn(data))
        // The one that is awaited is the first.
        guard let message = stream.next() else { return }
        attempt.received(message)
        attempt.end(nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { attempt.end(nil) }
    func channelInactive(context: ChannelHandlerContext) { attempt.end(nil) }
}

/// Messages as TCP carries them, each behind two bytes of its length (RFC 1035, 4.2.2).
struct MessageStream {
    private var bytes = ByteBuffer()

    mutating func add(_ more: ByteBuffer) {
        var more = more
        bytes.writeBuffer(&more)
    }

    /// The length of the next message, as soon as it is there.
    var nextLength: Int? {
        bytes.getInteger(at: bytes.readerIndex, as: UInt16.self).map(Int.init)
    }

    /// Nil until it is there as a whole.
    mutating func next() -> [UInt8]? {
        guard let length = nextLength, bytes.readableBytes >= 2 + length else { return nil }
        bytes.moveReaderIndex(forwardBy: 2)
        let message = bytes.readBytes(length: length)
        bytes.discardReadBytes()
        return message
    }
}
