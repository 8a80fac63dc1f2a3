/// A whole response of the gateway's own.
package struct LocalResponse: Sendable {
    package var status: Int
    package var reason: StaticString
    package var contentType: StaticString
    package var body: String
    /// Seconds of `Retry-After`.
    package var retryAfter: Int?
    /// Asks for credentials (RFC 9110, section 11.6.1).
    package var challenges: Bool

    package init(
        status: Int, reason: StaticString, contentType: StaticString, body: String, retryAfter: Int? = nil,
        challenges: Bool = false
    ) {
        self.status = status
        self.reason = reason
        self.contentType = contentType
        self.body = body
        self.retryAfter = retryAfter
        self.challenges = challenges
    }

    /// Bytes that `append` needs at most.
    package var byteCount: Int { 1024 + body.utf8.count }

    /// Writes head and body; no body in answer to HEAD.
    package func append(
        to output: inout OutputRawSpan, context: ResponseContext, stamp: CallStamp, timing: CallTiming
    ) {
        output.append("HTTP/1.1 ")
        output.append(decimal: UInt64(status))
        output.append(" ")
        output.append(reason)
        output.append("\r\nContent-Type: ")
        output.append(contentType)
        output.append("\r\nContent-Length: ")
        output.append(decimal: UInt64(body.utf8.count))
        output.append("\r\n")
        if let retryAfter {
            output.append("Retry-After: ")
            output.append(decimal: UInt64(retryAfter))
            output.append("\r\n")
        }
        if challenges { output.append("WWW-Authenticate: Basic realm=\"torpor\"\r\n") }
        if !context.keepAlive {
            output.append("Connection: close\r\n")
        } else if context.isHTTP10 {
            output.append("Connection: keep-alive\r\n")
        }
        stamp.append(to: &output)
        timing.append(to: &output)
        output.append("\r\n")
        if !context.isHEAD { output.append(text: body) }
    }
}
