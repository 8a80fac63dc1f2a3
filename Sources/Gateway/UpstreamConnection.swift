internal import NIOCore

/// A connection to an instance: in use by one exchange, or kept idle by its endpoint.
final class UpstreamConnection: TransportEvents {
    let endpoint: Endpoint
    private(set) var transport: (any Transport)?
    /// The exchange that uses it.
    private var exchange: ClientExchange?
    /// It has carried an exchange before, so the instance may have closed it meanwhile.
    private(set) var isReused = false

    init(endpoint: Endpoint) { self.endpoint = endpoint }

    func attach(_ transport: any Transport, _ exchange: ClientExchange) {
        self.transport = transport
        self.exchange = exchange
    }

    @inline(__always)
    func use(for exchange: ClientExchange) { self.exchange = exchange }

    @inline(__always)
    func giveBack() {
        exchange = nil
        isReused = true
        transport?.resumeReading()
        endpoint.keep(self)
    }

    /// Ends it at once; its exchange hears nothing of it. Nothing under way is wanted any more: either the exchange
    /// was whole, or it has failed. An instance that does not read cannot hold the connection.
    func close() { detach()?.abort() }

    /// Ends it when what was sent has gone, as the bytes of a tunnel have no end of their own.
    func closeFlushed() { detach()?.close() }

    private func detach() -> (any Transport)? {
        exchange = nil
        let transport = transport
        self.transport = nil
        return transport
    }

    // MARK: TransportEvents

    func opened() { exchange?.upstreamOpened(self) }

    @inline(__always)
    func received(_ bytes: ByteBuffer) {
        if let exchange {
            exchange.upstreamReceived(bytes)
        } else {
            // Bytes that nobody asked for: whatever they are, the next response would be mistaken.
            endpoint.forget(self)
            close()
        }
    }

    func writable() { exchange?.upstreamWritable() }
    func finished() {}

    func closed(_ failure: TransportFailure?) {
        transport = nil
        if let exchange {
            self.exchange = nil
            exchange.upstreamClosed(self, failure)
        } else {
            endpoint.forget(self)
        }
    }
}
