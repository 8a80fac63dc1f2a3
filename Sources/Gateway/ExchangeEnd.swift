internal import Core
internal import HTTPWire
internal import NIOCore

// How an exchange ends: well, with an answer of our own, or not at all.

extension ClientExchange {
    /// Of a request's buffer, this much is kept for the next one: room for the heads of browsers.
    private static let keptBufferBytes = 8 << 10

    /// The response has been sent whole.
    /// - Parameter excess: the instance sent more than the response, or its connection has ended.
    @inline(__always)
    func complete(excess: Bool) {
        let requestDone = requestBody.isDone
        if let upstream {
            self.upstream = nil
            if response.keepAlive, requestDone, !excess, upstream.transport != nil {
                upstream.giveBack()
            } else {
                upstream.close()
            }
        }
        leaveEndpoint()
        next(keepAlive: response.clientKeepAlive && requestDone)
    }

    /// On to the client's next request, or to the connection's end.
    @inline(__always)
    private func next(keepAlive: Bool) {
        guard transport != nil else { return }
        // Once the gateway drains, no connection becomes idle, whatever its last response had said.
        guard keepAlive, !(loop.isDraining && input == nil) else {
            end()
            return
        }
        phase = .head
        // An idle connection keeps no large buffer.
        if request.capacity > Self.keptBufferBytes { request = ByteBuffer() }
        setDeadline(after: loop.limits.idleClientTimeout)
        if input != nil { takeNext() }
        // What was sent ahead is used up first, else a client that never waits would fill the memory.
        if input == nil, !isClosed { transport?.resumeReading() }
    }

    private var isClosed: Bool {
        if case .closed = phase { return true }
        return false
    }

    /// Not from within the reading of a head: that goes on by itself.
    private func takeNext() {
        if !isReadingAhead {
            isReadingAhead = true
            readAhead()
            isReadingAhead = false
        }
    }

    private func end() {
        if requestBody.isDone, input == nil {
            shut()
        } else {
            phase = .lingering
            input = nil
            setDeadline(after: loop.limits.stalledBodyTimeout)
            transport?.finish()
            transport?.resumeReading()
        }
    }

    /// Answers in the function's stead.
    /// - Parameters:
    ///   - closing: what follows on the connection cannot be understood. - instance: the one that failed.
    ///   - isTold: the orchestrator has heard of it already.
    @inline(never)
    func refuse(
        _ refusal: Refusal, closing: Bool = false, instance: InstanceID? = nil, isTold: Bool = false
    ) {
        if let route {
            route.shared.counters.count(status: refusal.status.code)
            if refusal.isWorthTelling, !isTold {
                loop.tellFailed(
                    route.shared, callID: stamp.callID, code: "\(refusal.code)", instance: instance)
            }
        }
        loop.counters.count(refusal)
        answer(refusal.response(callID: stamp.callID), closing: closing)
    }

    func answer(_ own: LocalResponse, closing: Bool = false) {
        if endpoint == nil { timing.warmth = .absent }
        leaveEndpoint()
        timing.total = GatewayLoop.now() &- arrivedAt
        let keepAlive = !closing && head.keepAlive && requestBody.isDone && !loop.isDraining
        let context = ResponseContext(head, keepAlive: keepAlive)
        loop.output.clear()
        loop.output.writeWithOutputRawSpan(minimumWritableBytes: own.byteCount) { output in
            own.append(to: &output, context: context, stamp: stamp, timing: timing)
        }
        transport?.send(loop.output)
        if closing {
            // Whatever else was sent is dropped, not understood.
            input = input ?? ByteBuffer()
        }
        next(keepAlive: keepAlive)
    }

    /// Gives the instance's place back.
    @inline(__always)
    func leaveEndpoint() {
        guard let route else { return }
        self.route = nil
        guard let endpoint else { return }
        self.endpoint = nil
        loop.leave(endpoint.handle, route)
    }

    /// Ends the connection to the instance, and gives its place back; the route stays.
    func dropUpstream() {
        if let upstream {
            self.upstream = nil
            if isTunnel { upstream.closeFlushed() } else { upstream.close() }
        }
        if let endpoint, let route {
            self.endpoint = nil
            loop.leave(endpoint.handle, route)
        }
    }

    /// Waits no longer, if it did.
    func leaveQueue() {
        guard case .waiting(let ticket) = phase else { return }
        loop.cancel(ticket)
        route?.shared.queue.leave(loop: loop, ticket: ticket)
    }

    /// Nothing of this exchange goes on: it leaves the queue, the instance, and its connection.
    func abandon() {
        leaveQueue()
        switch phase {
        case .waiting, .rerouting, .connecting, .sent, .answering: route?.shared.counters.countCut()
        default: break
        }
        dropUpstream()
        route = nil
        input = nil
    }
}
