internal import Core
internal import HTTPWire
internal import NIOCore

/// One client connection and the exchange that is going on it: one request after the other, each with one response.
///
///     head → (waiting) → (connecting) → sent → answering → head …
///                                           ↘ tunnel
///     any of them → lingering → closed
///
/// It speaks to both sides through `Transport` and decides everything synchronously on its loop. Admission, the
/// upstream's side and the answers of our own are in the files beside this one.
final class ClientExchange: TransportEvents {
    enum Phase {
        /// Between requests, or a head is not complete yet.
        case head
        /// In the activation queue, with a ticket of the loop's.
        case waiting(UInt64)
        /// Will look for an instance again soon, after one refused its connection.
        case rerouting
        /// A connection to the instance is being made.
        case connecting
        /// The request is on its way; nothing of the response's head is decided.
        case sent
        /// The response's head has been sent.
        case answering
        /// The protocol was changed: bytes go both ways until one side closes.
        case tunnel
        /// Answered before the request had ended: what still comes is read and dropped for a while.
        case lingering
        case closed
    }

    let loop: GatewayLoop
    let origin: ClientOrigin
    let role: ListenPoint.Role
    /// It came to the address at which functions find the gateway.
    let isFunction: Bool
    private(set) var transport: (any Transport)?
    var phase = Phase.head

    // The request
    /// Received and not used yet: a part of a head, or what a client sent ahead of its turn.
    var input: ByteBuffer?
    /// Bytes of `input` that a further reading of the head waits for, so that a slow one is not read anew each time.
    private var rereadAt = 0
    private var searchedFor = 0
    /// The time for the head runs already.
    private var isHeadPartial = false
    /// The rewritten head, and the body as far as it came before the head was sent.
    var request = ByteBuffer()
    var head = RequestHead()
    var requestBody = BodyScanner(.none)
    var stamp = CallStamp()

    // The instance
    var route: LocalRoute?
    /// The instance whose gate this exchange has entered.
    var endpoint: Endpoint?
    var upstream: UpstreamConnection?
    /// Nothing beyond `request` has been sent and nothing received, so it can be sent again.
    var isReplayable = false
    /// The client waits for `100 Continue`.
    var owesContinue = false
    var wasRetried = false
    var wasRerouted = false

    // The response
    var responseInput: ByteBuffer?
    var response = ResponseHead()
    var responseBody = BodyScanner(.none)

    // Time, in monotonic nanoseconds
    var timing = CallTiming()
    var arrivedAt: UInt64 = 0
    var sentAt: UInt64 = 0
    var deadline = UInt64.max
    var listIndex = 0
    /// `readAhead` runs.
    var isReadingAhead = false

    init(loop: GatewayLoop, origin: ClientOrigin, role: ListenPoint.Role, isFunction: Bool) {
        self.loop = loop
        self.origin = origin
        self.role = role
        self.isFunction = isFunction
    }

    func attach(_ transport: any Transport) { self.transport = transport }

    @inline(__always)
    func setDeadline(_ time: UInt64) {
        deadline = time
        loop.deadlines.note(time)
    }

    func setDeadline(after duration: Duration) {
        setDeadline(GatewayLoop.now() &+ UInt64(clamping: duration.nanoseconds))
    }

    // MARK: The client's side

    func opened() {
        loop.deadlines.add(self)
        setDeadline(after: loop.limits.headTimeout)
    }

    @inline(__always)
    func received(_ bytes: ByteBuffer) {
        switch phase {
        case .head:
            if input == nil { readHead(bytes) } else { continueHead(bytes) }
        case .sent, .answering:
            relayRequestBody(bytes)
        case .waiting, .rerouting, .connecting:
            keepRequestBody(bytes)
        case .tunnel:
            relayToUpstream(bytes)
        case .lingering, .closed:
            break
        }
    }

    func writable() {
        switch phase {
        case .sent, .answering, .tunnel: upstream?.transport?.resumeReading()
        default: break
        }
    }

    /// The last byte of our answer has been sent: the client gets a little time to read it.
    func finished() {
        if case .lingering = phase { setDeadline(after: loop.limits.lingerTimeout) }
    }

    func closed(_ failure: TransportFailure?) {
        transport = nil
        abandon()
        phase = .closed
        deadline = .max
        loop.deadlines.remove(self)
        loop.connections.leave(isFunction: isFunction)
    }

    /// More of a head that came in parts. It is read anew when its end is there or its size has doubled.
    @inline(never)
    private func continueHead(_ bytes: ByteBuffer) {
        var bytes = bytes
        guard var all = input else { return }
        all.writeBuffer(&bytes)
        input = nil
        let view = all.readableBytesView
        let from = view.index(view.startIndex, offsetBy: max(0, searchedFor - 3))
        let isWhole = HeadEnd.isFound(all.readableBytesSpan, from: from - view.startIndex)
        if isWhole || view.count >= rereadAt || view.count >= loop.limits.headBytes {
            readHead(all)
        } else {
            searchedFor = view.count
            input = all
        }
    }

    /// Reads the requests that a client sent ahead, one after the other.
    func readAhead() {
        while case .head = phase, let bytes = input, bytes.readableBytes > 0 {
            input = nil
            guard readHead(bytes) else { return }
        }
    }

    /// Returns false when the head is not complete.
    @inline(__always) @discardableResult
    private func readHead(_ bytes: ByteBuffer) -> Bool {
        head = RequestHead()
        stamp.startTime = WallClock.unixNanoseconds()
        do {
            guard try rewriteHead(bytes) else {
                keepPartialHead(bytes)
                return false
            }
        } catch {
            stamp.make(&loop.ids)
            beginCall()
            head = RequestHead()
            refuse(Refusal(error), closing: true)
            return true
        }
        beginCall()
        takeBody(bytes)
        if case .head = phase { dispatch() }
        return true
    }

    @inline(__always)
    private func rewriteHead(_ bytes: ByteBuffer) throws(HeadError) -> Bool {
        var complete = false
        request.clear()
        let room = bytes.readableBytes &+ RequestRewriter.extraBytes
        try request.writeWithOutputRawSpan(minimumWritableBytes: room) { (output) throws(HeadError) in
            complete = try loop.rewriter.rewrite(
                bytes.readableBytesSpan, into: &output, origin: origin, stamp: &stamp, ids: &loop.ids,
                head: &head)
        }
        return complete
    }

    private func keepPartialHead(_ bytes: ByteBuffer) {
        if !isHeadPartial { setDeadline(after: loop.limits.headTimeout) }
        isHeadPartial = true
        input = bytes
        searchedFor = bytes.readableBytes
        rereadAt = bytes.readableBytes * 2
        transport?.resumeReading()
    }

    @inline(__always)
    private func beginCall() {
        timing = CallTiming()
        arrivedAt = GatewayLoop.now()
        deadline = .max
        isHeadPartial = false
        wasRetried = false
        wasRerouted = false
        responseInput = nil
    }

    /// What came behind the head: body as far as it is there, then what the client sent ahead.
    @inline(__always)
    private func takeBody(_ bytes: ByteBuffer) {
        requestBody = BodyScanner(head.body)
        owesContinue = head.expectsContinue
        guard head.length < bytes.readableBytes else { return }
        takeBodyBehindHead(bytes)
    }

    private func takeBodyBehindHead(_ bytes: ByteBuffer) {
        var rest = bytes
        rest.moveReaderIndex(forwardBy: head.length)
        if !requestBody.isDone { appendBody(&rest) }
        keepAhead(rest)
    }

    private func dispatch() {
        switch head.target {
        case .function(let index):
            if let route = loop.route(index), role.hasFunctions {
                self.route = route
                admit(route)
            } else {
                refuse(.functionNotFound)
            }
        case .health: answer(Refusal.healthy())
        case .platform: servePlatform()
        case .unknown: refuse(.functionNotFound)
        }
    }

    // MARK: Deadlines

    func expired(_ now: UInt64) {
        deadline = .max
        switch phase {
        case .head:
            if input == nil {
                shut()
            } else {
                input = nil
                stamp.startTime = WallClock.unixNanoseconds()
                stamp.make(&loop.ids)
                beginCall()
                head = RequestHead()
                refuse(.headTimeout, closing: true)
            }
        case .waiting:
            leaveQueue()
            refuse(.queueTimeout)
        case .rerouting:
            if let route { admit(route) }
        case .connecting, .sent:
            let instance = endpoint?.handle.id
            dropUpstream()
            refuse(.functionTimeout, instance: instance)
        case .answering, .tunnel, .lingering, .closed:
            cut()
        }
    }

    /// Closes the client's connection when what was sent has gone, or when that takes too long.
    func shut() {
        abandon()
        phase = .closed
        guard transport != nil else { return }
        setDeadline(after: loop.limits.stalledBodyTimeout)
        transport?.close()
    }

    /// Resets the client's connection.
    func cut() {
        abandon()
        phase = .closed
        deadline = .max
        transport?.abort()
    }

    /// The response ends before its body does: the client gets what there is, and can tell that it is not all.
    func truncate() {
        let endTellsLength = responseBody.framing == .untilClose || head.isHTTP10
        if endTellsLength { cut() } else { shut() }
    }

    /// The gateway ends: an idle connection goes at once, another with its response. One that is new gets a little time
    /// for its request, which may be on its way.
    func drain() {
        guard case .head = phase, input == nil else { return }
        if arrivedAt == 0 { setDeadline(after: loop.limits.lingerTimeout) } else { shut() }
    }
}
