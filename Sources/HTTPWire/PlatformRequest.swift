/// A request to one of the platform's own paths, as far as its answer depends on it. Read from a head that the rewriter
/// has accepted; off the path of requests to functions.
package struct PlatformRequest: Sendable {
    package let method: String
    /// Without the query.
    package let path: String
    /// The value of the first `Authorization` line; nil without one.
    package let authorization: [UInt8]?

    /// Nil when `head` is no whole head.
    package init?(_ head: RawSpan) {
        do {
            guard let line = try RequestLine.read(head) else { return nil }
            method = Self.text(head, line.methodStart..<line.methodEnd)
            let target = Self.text(head, line.targetStart..<line.targetEnd)
            path = String(target.prefix { $0 != "?" })
            authorization = try Self.authorization(in: head, from: line.end)
        } catch {
            return nil
        }
    }

    private static func authorization(in head: RawSpan, from start: Int) throws(HeadError) -> [UInt8]? {
        var field = FieldLine()
        var offset = start
        while case .line = try field.read(head, at: offset) {
            if field.named("authorization", head) {
                return field.value.map { head.byte($0) }
            }
            offset = field.end
        }
        return nil
    }

    private static func text(_ head: RawSpan, _ range: Range<Int>) -> String {
        String(decoding: range.map { head.byte($0) }, as: UTF8.self)
    }
}
