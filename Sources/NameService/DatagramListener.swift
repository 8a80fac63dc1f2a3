internal import Core
internal import NIOCore

/// Takes queries by UDP.
final class DatagramListener: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>
    private let desk: QueryDesk

    init(_ desk: QueryDesk) { self.desk = desk }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        // One byte more was read than a query has: it may be the beginning of anything.
        guard envelope.data.readableBytes <= Limits.nameQueryBytes,
            let source = IPv4Address(envelope.remoteAddress)
        else { return }
        let channel = context.channel
        desk.take(Array(envelope.data.readableBytesView), from: source, isStream: false) { reply in
            // One that cannot be sent at once is lost, as datagrams are.
            guard let reply, channel.isWritable else { return }
            let answer = AddressedEnvelope(
                remoteAddress: envelope.remoteAddress, data: channel.allocator.buffer(bytes: reply))
            channel.writeAndFlush(answer, promise: nil)
        }
    }

    /// One peer's trouble is not that of the others.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}
