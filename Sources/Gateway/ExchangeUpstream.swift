internal import Core
internal import HTTPWire
internal import NIOCore

// The instance's side of an exchange.

extension ClientExchange {
    @inline(__always)
    func upstreamReceived(_ bytes: ByteBuffer) {
        switch phase {
        case .sent: readResponseHead(bytes)
        case .answering: relayResponseBody(bytes)
        case .tunnel: relayToClient(bytes)
        default: break
        }
    }

    func upstreamWritable() {
        switch phase {
        case .sent, .answering, .tunnel:
            if !requestBody.isDone || isTunnel { transport?.resumeReading() }
        default: break
        }
    }

    // MARK: Request body

    /// Body that comes while the request waits: kept up to a limit, then the client is not read any more.
    func keepRequestBody(_ bytes: ByteBuffer) {
        var rest = bytes
        if !requestBody.isDone { appendBody(&rest) }
        keepAhead(rest)
        if case .closed = phase { return }
        if request.readableBytes >= loop.limits.waitingBodyBytes { transport?.pauseReading() }
    }

    /// Moves what belongs to the body from `bytes` to `request`.
    func appendBody(_ bytes: inout ByteBuffer) {
        do {
            let end = try requestBody.take(bytes.readableBytesSpan, from: 0)
            if var part = bytes.readSlice(length: end) { request.writeBuffer(&part) }
        } catch {
            bytes.clear()
            malformedBody()
        }
    }

    /// What a client sends ahead of its turn waits; it is not read further meanwhile.
    func keepAhead(_ bytes: ByteBuffer) {
        guard bytes.readableBytes > 0 else { return }
        var bytes = bytes
        if input == nil { input = bytes } else { input?.writeBuffer(&bytes) }
        transport?.pauseReading()
    }

    func relayRequestBody(_ bytes: ByteBuffer) {
        var rest = bytes
        if !requestBody.isDone, let upstream = upstream?.transport {
            do {
                let end = try requestBody.take(rest.readableBytesSpan, from: 0)
                if end > 0, let part = rest.readSlice(length: end) {
                    isReplayable = false
                    noteUpload()
                    upstream.send(part)
                    if !upstream.isWritable { transport?.pauseReading() }
                }
            } catch {
                malformedBody()
                return
            }
        }
        keepAhead(rest)
    }

    /// The function's time begins anew with each part of the body that it gets.
    private func noteUpload() {
        if case .sent = phase, let route {
            setDeadline(GatewayLoop.now() &+ route.timeout)
        } else {
            setDeadline(after: loop.limits.stalledBodyTimeout)
        }
    }

    private func malformedBody() {
        leaveQueue()
        dropUpstream()
        if case .answering = phase { cut() } else { refuse(.malformed, closing: true) }
    }

    // MARK: Response head

    @inline(__always)
    private func readResponseHead(_ bytes: ByteBuffer) {
        if responseInput == nil { decodeResponse(bytes) } else { continueResponse(bytes) }
    }

    @inline(never)
    private func continueResponse(_ bytes: ByteBuffer) {
        var bytes = bytes
        guard var all = responseInput else { return }
        responseInput = nil
        all.writeBuffer(&bytes)
        decodeResponse(all)
    }

    @inline(__always)
    private func decodeResponse(_ bytes: ByteBuffer) {
        var next: ByteBuffer? = bytes
        while let bytes = next, case .sent = phase { next = decodeHead(bytes) }
    }

    /// Returns what came behind the head of an interim response.
    @inline(__always)
    private func decodeHead(_ bytes: ByteBuffer) -> ByteBuffer? {
        isReplayable = false
        let now = GatewayLoop.now()
        timing.function = now &- sentAt
        timing.total = now &- arrivedAt
        response = ResponseHead()
        do {
            guard try rewriteResponse(bytes) else {
                responseInput = bytes
                return nil
            }
        } catch {
            invalidResponse()
            return nil
        }
        if response.status < 200 { return interim(bytes) }
        answer(bytes)
        return nil
    }

    private func invalidResponse() {
        let instance = endpoint?.handle.id
        dropUpstream()
        refuse(.invalidResponse, instance: instance)
    }

    @inline(__always)
    private func rewriteResponse(_ bytes: ByteBuffer) throws(HeadError) -> Bool {
        var complete = false
        let context = ResponseContext(
            head, keepAlive: head.keepAlive && requestBody.isDone && !loop.isDraining)
        loop.output.clear()
        let room = bytes.readableBytes &+ ResponseRewriter.extraBytes
        let limit = loop.limits.headBytes
        try loop.output.writeWithOutputRawSpan(minimumWritableBytes: room) { (output) throws(HeadError) in
            complete = try ResponseRewriter.rewrite(
                bytes.readableBytesSpan, into: &output, context: context, stamp: stamp, timing: timing,
                headLimit: limit, head: &response)
        }
        return complete
    }

    /// The final head has been built in `loop.output`; the body's first part goes with it.
    @inline(__always)
    private func answer(_ bytes: ByteBuffer) {
        responseBody = BodyScanner(response.body)
        var excess = false
        if response.length < bytes.readableBytes {
            var rest = bytes
            rest.moveReaderIndex(forwardBy: response.length)
            guard let end = appendResponseBody(rest) else {
                // Nothing has been sent yet, so the client can still be told.
                invalidResponse()
                return
            }
            excess = end < rest.readableBytes
        }
        phase = .answering
        let isDone = responseBody.isDone
        if isDone { countAnswer() } else { setDeadline(after: loop.limits.stalledBodyTimeout) }
        transport?.send(loop.output)
        if isDone {
            complete(excess: excess)
        } else {
            throttleUpstream()
        }
    }

    /// The response is whole; before its end is sent, so that whoever has it finds it counted.
    @inline(__always)
    private func countAnswer() { route?.shared.counters.count(status: response.status) }

    /// Appends body to `loop.output`; returns where it ends in `bytes`, nil when it is malformed.
    private func appendResponseBody(_ bytes: ByteBuffer) -> Int? {
        do {
            if decodesChunks { return try decodeChunks(bytes) }
            let end = try responseBody.take(bytes.readableBytesSpan, from: 0)
            if var part = bytes.getSlice(at: bytes.readerIndex, length: end) {
                loop.output.writeBuffer(&part)
            }
            return end
        } catch {
            return nil
        }
    }

    /// A client of HTTP/1.0 gets the content of chunks alone.
    private var decodesChunks: Bool { head.isHTTP10 && responseBody.framing == .chunked }

    private func decodeChunks(_ bytes: ByteBuffer) throws(HeadError) -> Int {
        var end = 0
        let room = bytes.readableBytes
        try loop.output.writeWithOutputRawSpan(minimumWritableBytes: room) { (output) throws(HeadError) in
            end = try responseBody.takeContent(bytes.readableBytesSpan, from: 0, into: &output)
        }
        return end
    }

    /// 1xx: passed on to those who know it; 101 opens a tunnel. `100 Continue` was already said by the gateway.
    /// - Returns: what came behind it, when there is something.
    @inline(never)
    private func interim(_ bytes: ByteBuffer) -> ByteBuffer? {
        var rest = bytes
        rest.moveReaderIndex(forwardBy: response.length)
        if response.status == 101 {
            openTunnel(rest)
            return nil
        }
        if response.status != 100, !head.isHTTP10 {
            transport?.send(loop.output)
            throttleUpstream()
        }
        return rest.readableBytes > 0 ? rest : nil
    }

    // MARK: Response body

    private func relayResponseBody(_ bytes: ByteBuffer) {
        let excess: Bool
        if decodesChunks {
            loop.output.clear()
            guard let end = appendResponseBody(bytes) else {
                truncate()
                return
            }
            excess = end < bytes.readableBytes
            if responseBody.isDone { countAnswer() }
            transport?.send(loop.output)
        } else {
            do {
                let end = try responseBody.take(bytes.readableBytesSpan, from: 0)
                excess = end < bytes.readableBytes
                if responseBody.isDone { countAnswer() }
                if excess {
                    if let part = bytes.getSlice(at: bytes.readerIndex, length: end) { transport?.send(part) }
                } else {
                    transport?.send(bytes)
                }
            } catch {
                truncate()
                return
            }
        }
        if responseBody.isDone {
            complete(excess: excess)
        } else {
            setDeadline(after: loop.limits.stalledBodyTimeout)
            throttleUpstream()
        }
    }

    /// Reads no more from the instance than the client takes.
    @inline(__always)
    func throttleUpstream() {
        if let transport, !transport.isWritable { upstream?.transport?.pauseReading() }
    }

    // MARK: The end of the connection

    func upstreamClosed(_ connection: UpstreamConnection, _ failure: TransportFailure?) {
        guard connection === upstream else { return }
        connectionLost(connection, failure)
    }

    func connectionLost(_ connection: UpstreamConnection, _ failure: TransportFailure?) {
        upstream = nil
        switch phase {
        case .connecting:
            unreachable(connection.endpoint)
        case .sent where failure?.refusal != nil:
            dropUpstream()
            let refusal = failure?.refusal ?? .functionFailed
            // Of a command that did not start its call has told why.
            refuse(
                refusal, instance: connection.endpoint.handle.id,
                isTold: connection.endpoint.handle.commands != nil && refusal == .startFailed)
        case .sent where failure == .refused && !connection.isReused && isReplayable:
            unreachable(connection.endpoint)
        case .sent where failure == .reset || connection.isReused:
            // The instance had probably ended, or closed a kept connection, before it read the request: whether it had,
            // nobody can tell, so a request that must not be done twice is not sent twice (RFC 9110, section 9.2.2).
            guard isReplayable && !wasRetried && head.isIdempotent else {
                functionFailed(connection)
                return
            }
            wasRetried = true
            connect(connection.endpoint)
        case .sent:
            functionFailed(connection)
        case .answering where responseBody.framing == .untilClose && failure == nil:
            countAnswer()
            complete(excess: true)
        case .answering:
            loop.activator?.suspect(connection.endpoint.handle.id, callID: stamp.callID)
            if let route {
                loop.tellFailed(
                    route.shared, callID: stamp.callID, code: "response_broken",
                    instance: connection.endpoint.handle.id)
            }
            truncate()
        case .tunnel:
            shut()
        default: break
        }
    }

    private func functionFailed(_ connection: UpstreamConnection) {
        loop.activator?.suspect(connection.endpoint.handle.id, callID: stamp.callID)
        let handle = connection.endpoint.handle
        let exhaustion = responseInput == nil ? handle.exhaustion?.exhausted() : nil
        dropUpstream()
        refuse(
            exhaustion.map(Refusal.init) ?? (responseInput == nil ? .functionFailed : .invalidResponse),
            instance: handle.id)
    }
}
