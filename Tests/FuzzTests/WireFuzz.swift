import HTTPWire

/// Heads are rewritten within their room, end once, and bodies end at the same byte however they are split.
enum WireFuzz {
    private static let routes = RouteTable(
        [("hello", 1), ("hello.default", 1), ("other.space", 2), ("x", 3)], seed: 7)
    private static let headLimit = 32 << 10
    private static let origin = ClientOrigin(address: "192.0.2.1")

    static func request(_ bytes: [UInt8]) {
        let rewriter = RequestRewriter(routes: routes, domain: "torpor.internal", headLimit: headLimit)
        var ids = CallIDGenerator(seed: (1, 2))
        var stamp = CallStamp()
        var head = RequestHead()
        let output = rewritten(bytes.count + RequestRewriter.extraBytes) { output throws(HeadError) in
            try rewriter.rewrite(
                bytes.span.bytes, into: &output, origin: origin, stamp: &stamp, ids: &ids, head: &head)
        }
        _ = PlatformRequest(bytes.span.bytes)
        guard let output else { return }
        check(output, length: head.length, of: bytes)
        body(head.body, bytes, from: head.length)
        let context = RequestEnvironment.Context(
            script: "/function/hello", origin: origin, own: ["HTTP_OWN"], lineLimit: 100, byteLimit: 64 << 10)
        guard let variables = accepted({ try RequestEnvironment(output.span.bytes, context) }) else { return }
        expectThat(variables.headLength <= output.count, "a head ends within its bytes")
        for variable in variables.bytes.split(separator: 0) {
            expectThat(variable.contains(UInt8(ascii: "=")), "each variable has a name and a value")
        }
    }

    static func response(_ bytes: [UInt8]) {
        guard let flags = bytes.first else { return }
        let rest = Array(bytes.dropFirst())
        var context = ResponseContext(RequestHead(), keepAlive: flags & 1 != 0)
        context.isHEAD = flags & 2 != 0
        context.isHTTP10 = flags & 4 != 0
        context.upgrade = flags & 8 != 0
        var ids = CallIDGenerator(seed: (1, 2))
        var stamp = CallStamp()
        stamp.make(&ids)
        var head = ResponseHead()
        let output = rewritten(rest.count + ResponseRewriter.extraBytes) { output throws(HeadError) in
            try ResponseRewriter.rewrite(
                rest.span.bytes, into: &output, context: context, stamp: stamp, timing: CallTiming(),
                headLimit: headLimit, head: &head)
        }
        guard let output else { return }
        check(output, length: head.length, of: rest)
        body(head.body, rest, from: head.length)
    }

    static func command(_ bytes: [UInt8]) {
        guard let head = accepted({ try CommandHead(cgi: bytes.span.bytes) }), let head else { return }
        expectThat(head.length <= bytes.count, "a head ends within its bytes")
        var response = ResponseHead()
        let written = head.bytes(bodyLength: 5)
        // What is made of a command's output is read like any function's, or refused.
        let output = rewritten(written.count + ResponseRewriter.extraBytes) { output throws(HeadError) in
            try ResponseRewriter.rewrite(
                written.span.bytes, into: &output,
                context: ResponseContext(RequestHead(), keepAlive: true), stamp: CallStamp(),
                timing: CallTiming(), headLimit: 1 << 20, head: &response)
        }
        guard output != nil else { return }
        expectThat(response.length == written.count, "a command cannot end its head twice")
    }

    /// Runs `body` over an output of exactly `room` bytes. Nil where the input is refused or incomplete.
    private static func rewritten(
        _ room: Int, _ body: (inout OutputRawSpan) throws(HeadError) -> Bool
    ) -> [UInt8]? {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 16)
        defer { memory.deallocate() }
        var output = OutputRawSpan(buffer: memory, initializedCount: 0)
        let isComplete = (try? body(&output)) ?? false
        let count = output.finalize(for: memory)
        return isComplete ? Array(memory.prefix(count)) : nil
    }

    private static func check(_ output: [UInt8], length: Int, of input: [UInt8]) {
        expectThat(length > 0 && length <= input.count, "a head ends within its bytes")
        let end: [UInt8] = [13, 10, 13, 10]
        expectThat(output.suffix(4).elementsEqual(end), "a head ends with an empty line")
        var ends = 0
        for index in output.indices.dropLast(3) where output[index] == 13 {
            if output[index..<index + 4].elementsEqual(end) { ends += 1 }
        }
        expectThat(ends == 1, "a head ends once")
    }

    /// Whole, and split wherever the bytes say.
    private static func body(_ framing: BodyFraming, _ input: [UInt8], from start: Int) {
        let whole = scan(framing, input, from: start, splits: [])
        let middle = start + Int(input.last ?? 0) % max(1, input.count - start)
        expectThat(scan(framing, input, from: start, splits: [middle]) == whole, "a split changes nothing")
        guard input.count < 4096 else { return }
        expectThat(
            scan(framing, input, from: start, splits: Array(start..<input.count)) == whole,
            "byte by byte changes nothing")
    }

    private struct Scanned: Equatable {
        var end: Int?
        var content: [UInt8] = []
        var isDone = false
    }

    private static func scan(
        _ framing: BodyFraming, _ input: [UInt8], from start: Int, splits: [Int]
    ) -> Scanned {
        var scanner = BodyScanner(framing)
        var decoder = BodyScanner(framing)
        var result = Scanned(end: start)
        var from = start
        for to in splits + [input.count] where to > from && !scanner.isDone {
            let part = Array(input[from..<to])
            guard let used = accepted({ try scanner.take(part.span.bytes, from: 0) }) else {
                return Scanned(end: nil)
            }
            expectThat(used <= part.count, "no byte is used that is not there")
            let content = rewritten(part.count) { output throws(HeadError) in
                let end = try decoder.takeContent(part.span.bytes, from: 0, into: &output)
                return end == used
            }
            guard let content else { preconditionFailure("both readings of a body agree") }
            result.content += content
            result.end = from + used
            from = to
        }
        result.isDone = scanner.isDone
        return result
    }
}
