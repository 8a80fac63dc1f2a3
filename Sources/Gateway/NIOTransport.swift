internal import Glibc
internal import NIOCore

/// A channel of NIO's as a transport: raw bytes, read only on demand.
final class NIOTransport: ChannelInboundHandler, Transport {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var events: (any TransportEvents)?
    private var context: ChannelHandlerContext?
    private var reading = true
    private var readPending = false
    private var failure: TransportFailure?
    private var closing = false
    private let resetsOnClose: Bool

    /// - Parameter resetsOnClose: closing sends a reset instead of waiting out TIME_WAIT, which would fill the slots
    ///   of busy instances. Only where nothing is under way any more when the connection is closed.
    init(events: any TransportEvents, resetsOnClose: Bool = false) {
        self.events = events
        self.resetsOnClose = resetsOnClose
    }

    // MARK: Transport

    @inline(__always)
    func send(_ bytes: ByteBuffer) {
        context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    var isWritable: Bool { context?.channel.isWritable ?? false }

    func pauseReading() { reading = false }

    func resumeReading() {
        reading = true
        demandRead()
    }

    func finish() {
        guard let context else { return }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        flushed(context).whenComplete { _ in
            guard let transport = bound.value as NIOTransport?, let context = transport.context else {
                return
            }
            context.close(mode: .output, promise: nil)
            transport.events?.finished()
        }
    }

    func close() {
        guard let context, !closing else { return }
        closing = true
        reading = false
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        flushed(context).whenComplete { _ in bound.value.close(promise: nil) }
    }

    func abort() {
        guard let context else { return }
        closing = true
        reading = false
        setLinger(context.channel, linger(l_onoff: 1, l_linger: 0))
        context.close(promise: nil)
    }

    func closeGently() {
        guard let context else { return }
        setLinger(context.channel, linger(l_onoff: 0, l_linger: 0))
    }

    /// A future of the moment when all that was queued has been sent.
    private func flushed(_ context: ChannelHandlerContext) -> EventLoopFuture<Void> {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()))
    }

    private func setLinger(_ channel: any Channel, _ value: linger) {
        (channel as? any SocketOptionProvider)?.setSoLinger(value).whenFailure { _ in }
    }

    // MARK: ChannelInboundHandler

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) {
        if resetsOnClose {
            setLinger(context.channel, linger(l_onoff: 1, l_linger: 0))
            guard !isRefused(context) else { return }
        }
        events?.opened()
        demandRead()
    }

    /// A connection over loopback is decided when connect(2) returns; NIO would tell a refusal as any other error.
    private func isRefused(_ context: ChannelHandlerContext) -> Bool {
        guard let provider = context.channel as? any SocketOptionProvider else { return false }
        let future: EventLoopFuture<CInt> = provider.unsafeGetSocketOption(level: .socket, name: .so_error)
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        // On its own loop the channel answers at once.
        future.whenSuccess { code in
            if code != 0 { bound.value.failure = Self.failure(code) }
        }
        guard failure != nil else { return false }
        context.close(promise: nil)
        return true
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        events?.received(unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        readPending = false
        demandRead()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { events?.writable() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failure = Self.failure((error as? IOError)?.errnoCode ?? 0)
        context.close(promise: nil)
    }

    private static func failure(_ code: CInt) -> TransportFailure {
        switch code {
        case ECONNREFUSED: .refused
        case ECONNRESET: .reset
        default: .broken
        }
    }

    func channelInactive(context: ChannelHandlerContext) { end() }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    /// The channel could not be set up.
    func failed() {
        failure = failure ?? .broken
        end()
    }

    private func end() {
        context = nil
        guard let events else { return }
        self.events = nil
        events.closed(failure)
    }

    @inline(__always)
    private func demandRead() {
        guard reading, !readPending, let context else { return }
        readPending = true
        context.read()
    }
}
