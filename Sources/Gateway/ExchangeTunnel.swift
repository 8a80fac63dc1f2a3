internal import HTTPWire
internal import NIOCore

// After `101 Switching Protocols` bytes go both ways as they are. The exchange counts as in flight until it closes.

extension ClientExchange {
    var isTunnel: Bool {
        if case .tunnel = phase { return true }
        return false
    }

    /// - Parameter bytes: what the instance sent behind its head.
    func openTunnel(_ bytes: ByteBuffer) {
        phase = .tunnel
        route?.shared.counters.count(status: response.status)
        upstream?.transport?.closeGently()
        transport?.send(loop.output)
        setDeadline(after: loop.limits.stalledBodyTimeout)
        if bytes.readableBytes > 0 { transport?.send(bytes) }
        if let ahead = input {
            input = nil
            upstream?.transport?.send(ahead)
        }
        transport?.resumeReading()
    }

    func relayToUpstream(_ bytes: ByteBuffer) {
        setDeadline(after: loop.limits.stalledBodyTimeout)
        guard let upstream = upstream?.transport else { return }
        upstream.send(bytes)
        if !upstream.isWritable { transport?.pauseReading() }
    }

    func relayToClient(_ bytes: ByteBuffer) {
        setDeadline(after: loop.limits.stalledBodyTimeout)
        transport?.send(bytes)
        throttleUpstream()
    }
}
