/// Whom a request is for and what of its target the function sees.
struct RequestPlan {
    var target = RequestTarget.unknown
    /// Whether the host says so.
    var isByHost = false
    /// What of the request's target is passed on.
    var path = 0..<0
    /// The path is empty and becomes "/".
    var addsSlash = false
    /// The host in an absolute target, which replaces the Host header (RFC 9112, section 3.2.2).
    var authority: Range<Int>?
    /// `Connection` headers whose tokens name header lines to remove.
    var removing: [Range<Int>] = []

    /// `/function/NAME[.NAMESPACE][/path][?query]`, or a path of the platform's.
    @inline(__always)
    mutating func byPath(_ line: RequestLine, _ input: RawSpan, _ routes: RouteTable) {
        byPath(line.targetStart..<line.targetEnd, input, routes)
    }

    @inline(__always)
    private mutating func byPath(_ target: Range<Int>, _ input: RawSpan, _ routes: RouteTable) {
        path = target
        let end = target.upperBound
        guard input.begins(with: "/function/", at: target.lowerBound), target.count >= 10 else {
            self.target = Self.platform(target, input)
            return
        }
        let name = target.lowerBound &+ 10
        var nameEnd = name
        while nameEnd < end, input.byte(nameEnd) != UInt8(ascii: "/"),
            input.byte(nameEnd) != UInt8(ascii: "?")
        {
            nameEnd &+= 1
        }
        if let index = routes.find(input, from: name, to: nameEnd) { self.target = .function(index) }
        path = nameEnd..<end
        addsSlash = nameEnd == end || input.byte(nameEnd) == UInt8(ascii: "?")
    }

    /// `http://authority/path` or `*`; `CONNECT` and anything else is refused.
    @inline(never)
    mutating func byForm(_ line: RequestLine, _ input: RawSpan, _ routes: RouteTable) throws(HeadError) {
        let (start, end) = (line.targetStart, line.targetEnd)
        if end - start == 1, input.byte(start) == UInt8(ascii: "*"),
            input.begins(with: "OPTIONS ", at: line.methodStart)
        {
            path = start..<end
            return
        }
        guard end - start > 7, input.matches("http://", from: start, to: start + 7) else { throw .malformed }
        var slash = start + 7
        while slash < end, input.byte(slash) != UInt8(ascii: "/"), input.byte(slash) != UInt8(ascii: "?") {
            slash += 1
        }
        guard slash > start + 7 else { throw .malformed }
        authority = (start + 7)..<slash
        byPath(slash..<end, input, routes)
        if slash == end || input.byte(slash) == UInt8(ascii: "?") { addsSlash = true }
    }

    /// The host names a function: its whole path is the function's. A negative index is an unknown function.
    mutating func byHost(_ line: RequestLine, _ index: Int32) {
        target = index < 0 ? .unknown : .function(index)
        isByHost = true
        if let authority {
            path = authority.upperBound..<line.targetEnd
        } else {
            path = line.targetStart..<line.targetEnd
            addsSlash = false
        }
    }

    private static func platform(_ target: Range<Int>, _ input: RawSpan) -> RequestTarget {
        if isPath("/healthz", target, input) { return .health }
        if isPath("/metrics", target, input) || input.begins(with: "/system/", at: target.lowerBound)
            || input.begins(with: "/ui/", at: target.lowerBound)
        {
            return .platform
        }
        return .unknown
    }

    /// Whether the target is exactly this path of eight bytes, with a query or without.
    private static func isPath(_ path: StaticString, _ target: Range<Int>, _ input: RawSpan) -> Bool {
        guard target.count >= 8, input.begins(with: path, at: target.lowerBound) else { return false }
        return target.count == 8 || input.byte(target.lowerBound + 8) == UInt8(ascii: "?")
    }
}
