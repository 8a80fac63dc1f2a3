internal import Core
internal import HTTPWire
internal import LinuxSystem
internal import Logging
internal import NIOCore
internal import NIOPosix

// How an exchange gets an instance and a connection to it.

extension ClientExchange {
    /// Enters an instance at once, or waits in the activation queue. Whoever comes while others wait waits behind.
    @inline(__always)
    func admit(_ route: LocalRoute) {
        if route.shared.queue.count == 0, !wasRerouted,
            let entered = route.enter(now: Int64(arrivedAt))
        {
            if route.isCrowded(entered.endpoint, now: Int64(arrivedAt)) {
                loop.activator?.crowded(route.shared.key)
            }
            guard entered.frozen else {
                begin(entered.endpoint)
                return
            }
            admitFrozen(entered.endpoint)
            return
        }
        wait(route)
    }

    private func admitFrozen(_ endpoint: Endpoint) {
        guard let nanoseconds = loop.thaw(endpoint.handle, callID: stamp.callID) else {
            enteredUnusable(endpoint)
            return
        }
        timing.warmth = .frozen
        timing.start = nanoseconds
        begin(endpoint)
    }

    @inline(never)
    private func wait(_ route: LocalRoute) {
        let queue = route.shared.queue
        let ticket = loop.ticket(for: self)
        let callID = stamp.callID
        let waiter = ActivationQueue.Waiter(loop: loop, ticket: ticket, callID: callID)
        switch queue.add(waiter, limit: loop.limits.waitersPerFunction) {
        case .waits: break
        case .full:
            loop.cancel(ticket)
            refuse(.queueFull)
            return
        case .removed:
            loop.cancel(ticket)
            refuse(.functionNotFound)
            return
        }
        phase = .waiting(ticket)
        setDeadline(arrivedAt &+ route.queueTimeout)
        // An instance may have got room after it was looked at and before this request could be seen waiting.
        loop.admitWaiters(route, demandAlways: true)
    }

    /// An instance has been entered for this exchange while it waited.
    func granted(_ endpoint: Endpoint, frozen: Bool, thawNanoseconds: UInt64) {
        let handle = endpoint.handle
        let waited = GatewayLoop.now() &- arrivedAt
        if handle.readyAt > Int64(arrivedAt) {
            timing.warmth = .cold
            let launch = UInt64(clamping: handle.readyAt - max(handle.startedAt, Int64(arrivedAt)))
            timing.start = min(launch, waited)
        } else if frozen {
            timing.warmth = .frozen
            timing.start = thawNanoseconds
        }
        timing.queue = waited > timing.start ? waited - timing.start : 0
        loop.counters.queueWait.record(nanoseconds: Int64(waited))
        begin(endpoint)
    }

    /// The queue has been emptied: no instance will come.
    func refusedWaiting(_ refusal: Refusal) { refuse(refusal) }

    /// An instance was entered that could not be thawed.
    func enteredUnusable(_ endpoint: Endpoint) {
        self.endpoint = endpoint
        reroute(.functionUnreachable)
    }

    /// In flight now: sends on a kept connection, or makes one.
    @inline(__always)
    func begin(_ endpoint: Endpoint) {
        self.endpoint = endpoint
        if let kept = endpoint.take() {
            upstream = kept
            kept.use(for: self)
            sendRequest(kept)
        } else {
            connect(endpoint)
        }
    }

    @inline(never)
    func connect(_ endpoint: Endpoint) {
        // Closed since it was entered: it is going, and what answers at its address soon may be another.
        guard endpoint.handle.gate.phase != .closed else {
            waitAgain()
            return
        }
        if let commands = endpoint.handle.commands {
            start(commands, endpoint)
            return
        }
        phase = .connecting
        if let route { setDeadline(GatewayLoop.now() &+ route.timeout) }
        let descriptor: CInt
        do {
            descriptor = try loop.dialer.dial(slot: endpoint.handle.slot, port: endpoint.handle.port)
                .release()
        } catch {
            loop.logger.warning(
                "no connection", metadata: ["instance": "\(endpoint.handle.id)", "error": "\(error)"])
            unreachable(endpoint)
            return
        }
        let connection = UpstreamConnection(endpoint: endpoint)
        let transport = NIOTransport(events: connection, resetsOnClose: true)
        connection.attach(transport, self)
        upstream = connection
        let bound = NIOLoopBound(transport, eventLoop: loop.eventLoop)
        ClientBootstrap(group: loop.eventLoop)
            .channelOption(.autoRead, value: false)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(bound.value)
                }
            }
            .withConnectedSocket(descriptor)
            .whenFailure { _ in bound.value.failed() }
    }

    func upstreamOpened(_ connection: UpstreamConnection) {
        guard connection === upstream, case .connecting = phase else { return }
        sendRequest(connection)
    }

    @inline(__always)
    func sendRequest(_ connection: UpstreamConnection) {
        guard let transport = connection.transport, let route else {
            connectionLost(connection, .broken)
            return
        }
        phase = .sent
        sentAt = GatewayLoop.now()
        setDeadline(sentAt &+ route.timeout)
        isReplayable = true
        transport.send(request)
        if !requestBody.isDone { continueBody(transport) }
    }

    /// The head has gone and body is still to come: lets the client send it.
    private func continueBody(_ upstream: any Transport) {
        guard case .sent = phase else { return }
        if owesContinue {
            owesContinue = false
            self.transport?.send(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n"))
        }
        if upstream.isWritable { self.transport?.resumeReading() } else { self.transport?.pauseReading() }
    }

    /// The instance was taken away before the request got to it, which is nobody's failure: the request waits for
    /// another one, as long as any request may.
    private func waitAgain() {
        dropUpstream()
        if let route { wait(route) }
    }

    /// The instance does not take connections: another one is tried once, after a while if none has room.
    func unreachable(_ endpoint: Endpoint) {
        loop.activator?.suspect(endpoint.handle.id, callID: stamp.callID)
        reroute(.functionUnreachable)
    }

    private func reroute(_ refusal: Refusal) {
        let failed = endpoint?.handle.id
        dropUpstream()
        guard !wasRerouted, let route else {
            refuse(refusal)
            return
        }
        wasRerouted = true
        if let entered = route.enter(now: Int64(GatewayLoop.now()), avoiding: failed) {
            if entered.frozen { admitFrozen(entered.endpoint) } else { begin(entered.endpoint) }
        } else {
            phase = .rerouting
            setDeadline(after: loop.limits.rerouteDelay)
        }
    }
}
