/// How much of a body is still to come.
package struct BodyScanner: Sendable {
    package private(set) var framing: BodyFraming
    private var chunks = ChunkScanner()

    package init(_ framing: BodyFraming) { self.framing = framing }

    /// Nothing is to come any more.
    package var isDone: Bool { framing == .none }

    /// Returns the offset after the last byte of the input that belongs to the body.
    @inline(__always)
    package mutating func take(_ input: RawSpan, from start: Int) throws(HeadError) -> Int {
        switch framing {
        case .none:
            return start
        case .length(let left):
            let count = min(left, input.byteCount &- start)
            framing = count == left ? .none : .length(left &- count)
            return start &+ count
        case .untilClose:
            return input.byteCount
        case .chunked:
            return try takeChunks(input, from: start)
        }
    }

    private mutating func takeChunks(_ input: RawSpan, from start: Int) throws(HeadError) -> Int {
        let end = try chunks.scan(input, from: start)
        if chunks.isDone { framing = .none }
        return end
    }

    /// As `take`, for a chunked body whose content alone is wanted: appends it to `output`.
    package mutating func takeContent(
        _ input: RawSpan, from start: Int, into output: inout OutputRawSpan
    ) throws(HeadError) -> Int {
        guard framing == .chunked else {
            let end = try take(input, from: start)
            output.append(input, from: start, to: end)
            return end
        }
        let end = try chunks.decode(input, from: start, into: &output)
        if chunks.isDone { framing = .none }
        return end
    }
}
