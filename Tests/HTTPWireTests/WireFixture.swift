import HTTPWire

/// Rewriting with everything that varies fixed.
struct WireFixture {
    var headLimit = 32 << 10
    var domain = "torpor.internal"
    let routes = RouteTable(
        [("hello", 1), ("hello.default", 1), ("other.space", 2), ("x", 3)], seed: 7)

    struct Request {
        var text: String
        var head: RequestHead
        var stamp: CallStamp
    }

    /// nil: incomplete.
    func request(_ bytes: [UInt8]) throws(HeadError) -> Request? {
        let rewriter = RequestRewriter(routes: routes, domain: domain, headLimit: headLimit)
        var ids = CallIDGenerator(seed: (1, 2))
        var stamp = CallStamp()
        stamp.startTime = 1_795_227_251_654_252_852
        var head = RequestHead()
        var complete = false
        let output = try build(bytes.count + RequestRewriter.extraBytes) { (output) throws(HeadError) in
            complete = try rewriter.rewrite(
                bytes.span.bytes, into: &output, origin: ClientOrigin(address: "192.0.2.1"), stamp: &stamp,
                ids: &ids, head: &head)
        }
        return complete
            ? Request(text: String(decoding: output, as: UTF8.self), head: head, stamp: stamp) : nil
    }

    func request(_ text: String) throws(HeadError) -> Request? { try request(Array(text.utf8)) }

    struct Response {
        var text: String
        var head: ResponseHead
    }

    func response(
        _ text: String, isHEAD: Bool = false, isHTTP10: Bool = false, keepAlive: Bool = true,
        upgrade: Bool = false
    ) throws(HeadError) -> Response? {
        try response(
            Array(text.utf8), isHEAD: isHEAD, isHTTP10: isHTTP10, keepAlive: keepAlive, upgrade: upgrade)
    }

    func response(
        _ bytes: [UInt8], isHEAD: Bool = false, isHTTP10: Bool = false, keepAlive: Bool = true,
        upgrade: Bool = false
    ) throws(HeadError) -> Response? {
        var context = ResponseContext(RequestHead(), keepAlive: keepAlive)
        context.isHEAD = isHEAD
        context.isHTTP10 = isHTTP10
        context.upgrade = upgrade
        var head = ResponseHead()
        var stamp = CallStamp()
        var ids = CallIDGenerator(seed: (1, 2))
        stamp.make(&ids)
        stamp.startTime = 12
        var timing = CallTiming()
        timing.warmth = .cold
        timing.queue = 1_500_000
        timing.start = 2_000_000
        timing.function = 3_250_000
        timing.total = 6_750_000
        var complete = false
        let output = try build(bytes.count + ResponseRewriter.extraBytes) { (output) throws(HeadError) in
            complete = try ResponseRewriter.rewrite(
                bytes.span.bytes, into: &output, context: context, stamp: stamp, timing: timing,
                headLimit: headLimit, head: &head)
        }
        return complete ? Response(text: String(decoding: output, as: UTF8.self), head: head) : nil
    }
}

/// Runs `body` over an output of exactly `room` bytes, so that writing past it traps.
func build(_ room: Int, _ body: (inout OutputRawSpan) throws(HeadError) -> Void) throws(HeadError) -> [UInt8]
{
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 16)
    defer { memory.deallocate() }
    var output = OutputRawSpan(buffer: memory, initializedCount: 0)
    try body(&output)
    let count = output.finalize(for: memory)
    return Array(memory.prefix(count))
}
