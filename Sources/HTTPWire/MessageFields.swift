/// What the header lines of a request and of a response have in common: framing, and what concerns this hop alone.
struct MessageFields {
    var contentLength: Int?
    var chunked = false
    var close = false
    var keepAlive = false
    /// `Connection: upgrade` and the value of `Upgrade`.
    var wantsUpgrade = false
    var upgrade = 0..<0
    /// Values of `Connection` that name further headers to remove.
    var nominating: [Range<Int>] = []

    /// Takes note of a line. Returns nil when it is none of those handled here, else whether the line is passed on.
    @inline(__always)
    mutating func note(_ line: FieldLine, _ input: RawSpan) throws(HeadError) -> Bool? {
        switch line.nameEnd &- line.nameStart {
        case 2:
            if line.named("te", input) { return false }
        case 7:
            if line.named("upgrade", input) {
                upgrade = line.value
                return false
            }
            if line.named("trailer", input) { return false }
        case 10:
            if line.named("connection", input) {
                try noteConnection(line.value, input)
                return false
            }
            if line.named("keep-alive", input) { return false }
        case 14:
            if line.named("content-length", input) { return try noteLength(line.value, input) }
        case 16:
            if line.named("proxy-connection", input) { return false }
        case 17:
            if line.named("transfer-encoding", input) {
                guard !chunked else { throw .malformed }
                guard line.valued("chunked", input) else { throw .transferCoding }
                chunked = true
                return false
            }
        case 18:
            if line.named("proxy-authenticate", input) { return false }
        case 19:
            if line.named("proxy-authorization", input) { return false }
        default: break
        }
        return nil
    }

    /// Digits alone, at most 18; a repeated line must say the same and is not passed on.
    private mutating func noteLength(_ value: Range<Int>, _ input: RawSpan) throws(HeadError) -> Bool {
        guard !value.isEmpty, value.count <= 18 else { throw .malformed }
        var length = 0
        for offset in value {
            let digit = input.byte(offset) &- 48
            guard digit <= 9 else { throw .malformed }
            length = length &* 10 &+ Int(digit)
        }
        if let contentLength {
            guard contentLength == length else { throw .malformed }
            return false
        }
        contentLength = length
        return true
    }

    private mutating func noteConnection(_ value: Range<Int>, _ input: RawSpan) throws(HeadError) {
        var tokens = TokenList(value)
        var nominates = false
        while let token = tokens.next(input) {
            let (from, to) = (token.lowerBound, token.upperBound)
            if input.matches("close", from: from, to: to) {
                close = true
            } else if input.matches("keep-alive", from: from, to: to) {
                keepAlive = true
            } else if input.matches("upgrade", from: from, to: to) {
                wantsUpgrade = true
            } else if input.matches("content-length", from: from, to: to)
                || input.matches("host", from: from, to: to)
                || input.matches("transfer-encoding", from: from, to: to)
            {
                // Removing one of these would change what the message means.
                throw .malformed
            } else {
                nominates = true
            }
        }
        if nominates {
            guard nominating.count < 8 else { throw .malformed }
            nominating.append(value)
        }
    }

    /// Whether one of `lists` names this line.
    @inline(never)
    static func nominated(_ line: FieldLine, by lists: [Range<Int>], _ input: RawSpan) -> Bool {
        for list in lists {
            var tokens = TokenList(list)
            while let token = tokens.next(input) {
                guard token.count == line.nameEnd - line.nameStart else { continue }
                var same = 0
                while same < token.count,
                    input.byte(token.lowerBound + same) | 0x20 == input.byte(line.nameStart + same) | 0x20
                {
                    same += 1
                }
                if same == token.count { return true }
            }
        }
        return false
    }
}

/// The elements of a comma-separated list, without blanks around them; empty ones are skipped.
struct TokenList {
    private var rest: Range<Int>
    init(_ list: Range<Int>) { rest = list }

    mutating func next(_ input: RawSpan) -> Range<Int>? {
        while !rest.isEmpty {
            var end = rest.lowerBound
            while end < rest.upperBound, input.byte(end) != UInt8(ascii: ",") { end += 1 }
            var (from, to) = (rest.lowerBound, end)
            rest = min(end + 1, rest.upperBound)..<rest.upperBound
            while from < to, Grammar.isBlank(input.byte(from)) { from += 1 }
            while to > from, Grammar.isBlank(input.byte(to - 1)) { to -= 1 }
            if from < to { return from..<to }
        }
        return nil
    }
}
