/// What the gateway must know of a response after its head has been rewritten.
package struct ResponseHead: Sendable {
    /// Bytes of the input that the head took.
    package fileprivate(set) var length = 0
    package fileprivate(set) var status = 0
    package fileprivate(set) var body = BodyFraming.none
    /// Whether the function lets its connection live on.
    package fileprivate(set) var keepAlive = true
    /// Whether the client's connection lives on after this response.
    package fileprivate(set) var clientKeepAlive = true

    package init() {}
}

/// What of the request shapes the response's head.
package struct ResponseContext: Sendable {
    package var isHEAD: Bool
    package var isHTTP10: Bool
    package var keepAlive: Bool
    package var upgrade: Bool

    /// - Parameter keepAlive: whether the client's connection may live on.
    package init(_ request: RequestHead, keepAlive: Bool) {
        isHEAD = request.isHEAD
        isHTTP10 = request.isHTTP10
        upgrade = request.upgrade
        self.keepAlive = keepAlive
    }
}

/// Reads a response's head and writes the one that the client gets, in one pass.
package enum ResponseRewriter {
    /// Bytes that the output may have beyond the input's.
    ///
    /// Enough for any head. The status line and the header lines are passed on as they came or not at all, so their
    /// number adds nothing. What follows is written once: Connection and Upgrade (32, and a value in place of a line
    /// that was not passed on) or Transfer-Encoding (28) and Connection (24), call id (141), start time (36),
    /// X-Duration-Seconds (49), Server-Timing (148), the empty line (2).
    package static let extraBytes = 1024
    /// The sum of what is written once.
    private static let ownBytes = 460

    /// - Parameter output: room for `input.byteCount + extraBytes`.
    /// - Returns: false when the head is not complete. Interim responses (1xx) end here too: the caller looks at
    ///   `status` and calls again with the rest.
    @inline(__always)
    package static func rewrite(
        _ input: RawSpan, into output: inout OutputRawSpan, context: ResponseContext, stamp: CallStamp,
        timing: CallTiming, headLimit: Int, head: inout ResponseHead
    ) throws(HeadError) -> Bool {
        guard let line = try StatusLine.read(input) else { return try incomplete(input, headLimit) }
        let start = output.byteCount
        var fields = MessageFields()
        guard try copy(line, [], input, &output, &fields, headLimit, &head) else {
            return try incomplete(input, headLimit)
        }
        if !fields.nominating.isEmpty {
            let removing = fields.nominating
            fields = MessageFields()
            output.removeLast(output.byteCount - start)
            _ = try copy(line, removing, input, &output, &fields, headLimit, &head)
        }
        guard output.freeCapacity >= ownBytes + fields.upgrade.count else { throw .tooLarge }
        head.status = line.status
        try finish(line, fields, context, &head)
        appendOwn(fields, context, input, &output, head)
        if line.status >= 200 {
            stamp.append(to: &output)
            timing.append(to: &output)
        }
        output.append("\r\n")
        return true
    }

    private static func incomplete(_ input: RawSpan, _ headLimit: Int) throws(HeadError) -> Bool {
        if input.byteCount >= headLimit { throw .tooLarge }
        return false
    }

    @inline(__always)
    private static func copy(
        _ line: StatusLine, _ removing: [Range<Int>], _ input: RawSpan, _ output: inout OutputRawSpan,
        _ fields: inout MessageFields, _ headLimit: Int, _ head: inout ResponseHead
    ) throws(HeadError) -> Bool {
        output.append("HTTP/1.1")
        try output.appendFitting(input, from: 8, to: line.end)
        var field = FieldLine()
        var run = line.end
        var offset = line.end
        while true {
            switch try field.read(input, at: offset) {
            case .incomplete:
                return false
            case .endOfHead:
                try output.appendFitting(input, from: run, to: offset)
                head.length = field.end
                if field.end > headLimit { throw .tooLarge }
                return true
            case .line:
                var passes = try note(field, line, input, &fields)
                if passes, !removing.isEmpty {
                    passes = !MessageFields.nominated(field, by: removing, input)
                }
                if !passes {
                    try output.appendFitting(input, from: run, to: offset)
                    run = field.end
                }
                offset = field.end
            }
        }
    }

    /// Whether a line is passed on: the stamps are ours, and a response without content says no length.
    @inline(__always)
    private static func note(
        _ field: FieldLine, _ line: StatusLine, _ input: RawSpan, _ fields: inout MessageFields
    ) throws(HeadError) -> Bool {
        switch field.nameEnd &- field.nameStart {
        case 9: if field.named("x-call-id", input) { return false }
        case 12: if field.named("x-start-time", input) { return false }
        case 18: if field.named("x-duration-seconds", input) { return false }
        default: break
        }
        let passes = try fields.note(field, input) ?? true
        if line.status < 200 || line.status == 204, field.named("content-length", input) { return false }
        return passes
    }

    /// Framing and persistence (RFC 9112, sections 6.3 and 9.3).
    @inline(__always)
    private static func finish(
        _ line: StatusLine, _ fields: MessageFields, _ context: ResponseContext, _ head: inout ResponseHead
    ) throws(HeadError) {
        if fields.chunked, fields.contentLength != nil || line.isHTTP10 { throw .malformed }
        if line.status == 101, !context.upgrade || fields.upgrade.isEmpty { throw .malformed }
        if line.status < 200 || line.status == 204 || line.status == 304 || context.isHEAD {
            head.body = .none
        } else if fields.chunked {
            head.body = .chunked
        } else if let length = fields.contentLength {
            head.body = length == 0 ? .none : .length(length)
        } else {
            head.body = .untilClose
        }
        head.keepAlive = !fields.close && (!line.isHTTP10 || fields.keepAlive) && head.body != .untilClose
        // A 1.0 client knows no chunks: it gets the content alone, ended by the connection's end.
        head.clientKeepAlive =
            context.keepAlive && head.body != .untilClose && !(context.isHTTP10 && head.body == .chunked)
    }

    @inline(__always)
    private static func appendOwn(
        _ fields: MessageFields, _ context: ResponseContext, _ input: RawSpan,
        _ output: inout OutputRawSpan, _ head: ResponseHead
    ) {
        if head.status == 101 {
            output.append("Connection: Upgrade\r\nUpgrade: ")
            output.append(input, from: fields.upgrade.lowerBound, to: fields.upgrade.upperBound)
            output.append("\r\n")
            return
        }
        guard head.status >= 200 else { return }
        if head.body == .chunked, !context.isHTTP10 { output.append("Transfer-Encoding: chunked\r\n") }
        if !head.clientKeepAlive {
            output.append("Connection: close\r\n")
        } else if context.isHTTP10 {
            output.append("Connection: keep-alive\r\n")
        }
    }
}
