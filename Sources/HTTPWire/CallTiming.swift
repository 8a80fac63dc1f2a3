/// Where the time of a call went, until its response head, in nanoseconds.
package struct CallTiming: Sendable {
    /// How warm the instance was that took the call; `absent` where none did.
    package enum Warmth: UInt8, Sendable { case warm, frozen, cold, absent }

    package var warmth = Warmth.warm
    /// Waited for an instance that was there.
    package var queue: UInt64 = 0
    /// Starting or thawing one.
    package var start: UInt64 = 0
    /// From the request's sending to the response head.
    package var function: UInt64 = 0
    /// From the request's head to the response's.
    package var total: UInt64 = 0

    package init() {}

    /// `X-Duration-Seconds` and `Server-Timing`.
    @inline(__always)
    func append(to output: inout OutputRawSpan) {
        output.append("X-Duration-Seconds: ")
        output.append(thousandths: total / 1000, digits: 6)
        switch warmth {
        case .warm: output.append("\r\nServer-Timing: torpor;desc=\"warm\", queue;dur=")
        case .frozen: output.append("\r\nServer-Timing: torpor;desc=\"frozen\", queue;dur=")
        case .cold: output.append("\r\nServer-Timing: torpor;desc=\"cold\", queue;dur=")
        case .absent: output.append("\r\nServer-Timing: torpor, queue;dur=")
        }
        output.append(thousandths: queue / 1000, digits: 3)
        output.append(", start;dur=")
        output.append(thousandths: start / 1000, digits: 3)
        output.append(", function;dur=")
        output.append(thousandths: function / 1000, digits: 3)
        output.append("\r\n")
    }
}
