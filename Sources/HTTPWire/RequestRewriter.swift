/// Reads a request's head and writes the one that the function gets, in one pass: routed by path or by host, without
/// what concerns this hop alone, with call id, start time and forwarding headers. Pure: bytes in, bytes out.
///
/// A second pass over the same bytes is made only for what is rare: a host form, an absolute target, or a
/// `Connection` header that names further headers.
package struct RequestRewriter: Sendable {
    /// Bytes that the output may have beyond the input's.
    ///
    /// Enough for any head. The request line grows by a slash (1). A header line is passed on as it came or not at all,
    /// so their number adds nothing. What follows is written once, by `stamp` and `appendOwn`: call id (141), start
    /// time (36), X-Forwarded-For (66), X-Forwarded-Proto (25),
    /// X-Forwarded-Host (282), Host (270), Connection and Upgrade (32), Transfer-Encoding (28), the empty line (2).
    /// The values of X-Forwarded-For and Upgrade come on top of that, in place of a line that was not passed on.
    package static let extraBytes = 1024
    /// The sum of what is written once.
    private static let ownBytes = 883
    private static let hostLength = 262

    package let routes: RouteTable
    /// `.torpor.internal`, lower case.
    private let domain: [UInt8]
    private let headLimit: Int

    package init(routes: RouteTable, domain: String, headLimit: Int) {
        self.routes = routes
        self.domain = Array(".\(domain.lowercased())".utf8)
        self.headLimit = headLimit
    }

    /// - Parameters:
    ///   - input: everything received and not yet used. - output: room for `input.byteCount + extraBytes`; what it
    ///     holds after a failure or an incomplete head means nothing. - stamp: start time set; gets the call id.
    /// - Returns: false when the head is not complete.
    @inline(__always)
    package func rewrite(
        _ input: RawSpan, into output: inout OutputRawSpan, origin: ClientOrigin, stamp: inout CallStamp,
        ids: inout CallIDGenerator, head: inout RequestHead
    ) throws(HeadError) -> Bool {
        guard let line = try RequestLine.read(input) else { return try incomplete(input) }
        var plan = RequestPlan()
        if input.byte(line.targetStart) == UInt8(ascii: "/") {
            plan.byPath(line, input, routes)
        } else {
            try plan.byForm(line, input, routes)
        }
        let start = output.byteCount
        var fields = RequestFields()
        guard try copy(line, plan, input, &output, &fields, &head) else { return try incomplete(input) }
        let host = plan.authority ?? fields.host
        if needsSecondPass(plan, fields, host, input) {
            if let index = functionHost(host, input) { plan.byHost(line, index) }
            plan.removing = fields.common.nominating
            output.removeLast(output.byteCount - start)
            fields = RequestFields()
            _ = try copy(line, plan, input, &output, &fields, &head)
        }
        let values = fields.forwardedFor.count + fields.common.upgrade.count
        guard output.freeCapacity >= Self.ownBytes + values else { throw .tooLarge }
        head.target = plan.target
        head.isByHost = plan.isByHost
        try finish(line, fields, host, input, &head)
        if fields.callID.isEmpty || !stamp.adopt(input, fields.callID) { stamp.make(&ids) }
        stamp.append(to: &output)
        appendOwn(fields, plan, host, input, origin, head, &output)
        return true
    }

    private func incomplete(_ input: RawSpan) throws(HeadError) -> Bool {
        if input.byteCount >= headLimit { throw .tooLarge }
        return false
    }

    /// Writes the request line and the header lines that are passed on, in runs as long as possible.
    @inline(__always)
    private func copy(
        _ line: RequestLine, _ plan: RequestPlan, _ input: RawSpan, _ output: inout OutputRawSpan,
        _ fields: inout RequestFields, _ head: inout RequestHead
    ) throws(HeadError) -> Bool {
        try output.appendFitting(input, from: line.methodStart, to: line.targetStart)
        if plan.addsSlash { output.append(UInt8(ascii: "/")) }
        try output.appendFitting(input, from: plan.path.lowerBound, to: plan.path.upperBound)
        output.append(" HTTP/1.1\r\n")
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
                var passes = try fields.note(field, input, plan, &output, upTo: offset, run: &run)
                if passes, !plan.removing.isEmpty {
                    passes = !MessageFields.nominated(field, by: plan.removing, input)
                }
                if !passes {
                    try output.appendFitting(input, from: run, to: offset)
                    run = field.end
                }
                offset = field.end
            }
        }
    }

    @inline(__always)
    private func needsSecondPass(
        _ plan: RequestPlan, _ fields: RequestFields, _ host: Range<Int>, _ input: RawSpan
    ) -> Bool {
        !fields.common.nominating.isEmpty || functionHost(host, input) != nil
    }

    /// Framing and persistence (RFC 9112, sections 6.3 and 9.3).
    @inline(__always)
    private func finish(
        _ line: RequestLine, _ fields: RequestFields, _ host: Range<Int>, _ input: RawSpan,
        _ head: inout RequestHead
    ) throws(HeadError) {
        let common = fields.common
        guard fields.hosts == 1 || (line.isHTTP10 && fields.hosts == 0), Self.isHost(host, input) else {
            throw .malformed
        }
        if common.chunked {
            // Both framings, or one that HTTP/1.0 does not know: the way requests are smuggled.
            guard common.contentLength == nil, !line.isHTTP10 else { throw .malformed }
            head.body = .chunked
        } else if let length = common.contentLength, length > 0 {
            head.body = .length(length)
        } else {
            head.body = .none
        }
        head.isHTTP10 = line.isHTTP10
        head.keepAlive = !common.close && (!line.isHTTP10 || common.keepAlive)
        head.isIdempotent = line.isIdempotent(input)
        head.isHEAD = input.begins(with: "HEAD ", at: line.methodStart)
        head.expectsContinue = fields.expectsContinue && !line.isHTTP10 && head.body != .none
        // h2c would let the client speak HTTP/2 with the function unseen.
        head.upgrade =
            common.wantsUpgrade && !common.upgrade.isEmpty && !line.isHTTP10 && head.body == .none
            && !input.matches("h2c", from: common.upgrade.lowerBound, to: common.upgrade.upperBound)
    }

    /// The headers of our own, and the head's end.
    @inline(__always)
    private func appendOwn(
        _ fields: RequestFields, _ plan: RequestPlan, _ host: Range<Int>, _ input: RawSpan,
        _ origin: ClientOrigin, _ head: RequestHead, _ output: inout OutputRawSpan
    ) {
        output.append("X-Forwarded-For: ")
        if !fields.forwardedFor.isEmpty {
            output.append(input, from: fields.forwardedFor.lowerBound, to: fields.forwardedFor.upperBound)
            output.append(", ")
        }
        output.append(bytes: origin.address)
        output.append("\r\n")
        if !fields.hasForwardedProto { output.append("X-Forwarded-Proto: http\r\n") }
        if !fields.hasForwardedHost, !host.isEmpty {
            output.append("X-Forwarded-Host: ")
            output.append(input, from: host.lowerBound, to: host.upperBound)
            output.append("\r\n")
        }
        if plan.authority != nil || fields.hosts == 0 {
            output.append("Host: ")
            if host.isEmpty { output.append("localhost") }
            output.append(input, from: host.lowerBound, to: host.upperBound)
            output.append("\r\n")
        }
        if head.upgrade {
            output.append("Connection: Upgrade\r\nUpgrade: ")
            let upgrade = fields.common.upgrade
            output.append(input, from: upgrade.lowerBound, to: upgrade.upperBound)
            output.append("\r\n")
        }
        if head.body == .chunked { output.append("Transfer-Encoding: chunked\r\n") }
        output.append("\r\n")
    }

    /// The value of the route when the host is `NAME.NAMESPACE.DOMAIN`, -1 when there is no such function; nil when
    /// the host is not of the domain.
    @inline(__always)
    private func functionHost(_ host: Range<Int>, _ input: RawSpan) -> Int32? {
        guard host.count > domain.count else { return nil }
        return lookUpHost(host, input)
    }

    @inline(never)
    private func lookUpHost(_ host: Range<Int>, _ input: RawSpan) -> Int32? {
        var end = host.lowerBound
        while end < host.upperBound, input.byte(end) != UInt8(ascii: ":") { end += 1 }
        if end > host.lowerBound, input.byte(end - 1) == UInt8(ascii: ".") { end -= 1 }
        let nameEnd = end - domain.count
        guard nameEnd > host.lowerBound else { return nil }
        for offset in 0..<domain.count where input.byte(nameEnd + offset) | 0x20 != domain[offset] | 0x20 {
            return nil
        }
        var name = InlineArray<127, UInt8>(repeating: 0)
        let count = nameEnd - host.lowerBound
        guard count <= 127 else { return -1 }
        for offset in 0..<count {
            let byte = input.byte(host.lowerBound + offset)
            name[offset] = (0x41...0x5a).contains(byte) ? byte | 0x20 : byte
        }
        return routes.find(name.span.bytes, from: 0, to: count) ?? -1
    }

    /// `uri-host [":" port]` without what could be taken for another part of a URI; may be empty.
    @inline(__always)
    private static func isHost(_ host: Range<Int>, _ input: RawSpan) -> Bool {
        guard host.count <= hostLength else { return false }
        var offset = host.lowerBound
        while offset < host.upperBound {
            switch input.byte(offset) {
            case 0x00...0x20, UInt8(ascii: "/"), UInt8(ascii: "@"), UInt8(ascii: "?"), UInt8(ascii: "#"),
                UInt8(ascii: "\\"), UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "<"),
                UInt8(ascii: ">"), 0x7f...0xff:
                return false
            default: break
            }
            offset &+= 1
        }
        return true
    }
}
