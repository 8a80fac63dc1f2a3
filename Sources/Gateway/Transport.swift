internal import NIOCore

/// One connection as an exchange uses it. NIO's channels are its first implementation; a loop of our own would be
/// another. Everything is called on the connection's loop.
protocol Transport: AnyObject {
    /// Queues the bytes and begins to send them.
    func send(_ bytes: ByteBuffer)
    /// False while more is queued than the other side takes: stop reading what is relayed here.
    var isWritable: Bool { get }
    /// Stops and resumes the delivery of `received`; what is already under way may still come.
    func pauseReading()
    func resumeReading()
    /// Ends the sending direction once everything queued has been sent, then calls `finished`. Reading goes on.
    func finish()
    /// Closes once everything queued has been sent.
    func close()
    /// Closes at once with a reset; what is queued is lost.
    func abort()
    /// Closes no longer reset the connection: it carries something other than whole messages now.
    func closeGently()
}

/// What a transport tells its owner. `closed` comes exactly once, last.
protocol TransportEvents: AnyObject {
    func opened()
    func received(_ bytes: ByteBuffer)
    /// `isWritable` became true.
    func writable()
    func finished()
    func closed(_ failure: TransportFailure?)
}

/// How a connection ended other than by the peer's orderly close.
enum TransportFailure: Error, Equatable {
    /// Nothing listens there: the connection never was.
    case refused
    /// The peer closed it with data that it had not read, or before it had taken it from its backlog.
    case reset
    case broken
    /// In a way that the client is told.
    case answered(Refusal)
}
