internal import NIOCore

/// Counts the connections that a listening channel has accepted and those that it has handed on. NIO resets what lies
/// between the two when the channel is closed; so the channel is closed when nothing does.
///
// SAFETY: touched on the listening channel's loop alone.
final class AcceptTally: @unchecked Sendable {
    private var accepted = 0
    private var handedOn = 0

    /// Where the accepted connections enter the channel's pipeline, and where they leave it.
    static func handlers() -> (tally: AcceptTally, first: any ChannelHandler, last: any ChannelHandler) {
        let tally = AcceptTally()
        return (tally, Counter { tally.accepted += 1 }, Counter { tally.handedOn += 1 })
    }

    private init() {}

    /// Closes the channel as soon as nothing is between; what never arrives is waited for a second at most.
    func close(_ channel: any Channel, tries: Int = 1000) {
        if accepted <= handedOn || tries == 0 {
            channel.close(promise: nil)
        } else {
            channel.eventLoop.scheduleTask(in: .milliseconds(1)) { self.close(channel, tries: tries - 1) }
        }
    }

    private final class Counter: ChannelInboundHandler {
        typealias InboundIn = Any
        private let note: () -> Void

        init(_ note: @escaping () -> Void) { self.note = note }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            note()
            context.fireChannelRead(data)
        }
    }
}
