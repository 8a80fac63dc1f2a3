/// What the header lines of a request say.
struct RequestFields {
    var common = MessageFields()
    var hosts = 0
    var host = 0..<0
    var callID = 0..<0
    /// The last `X-Forwarded-For`; earlier ones have been passed on in their place.
    var forwardedFor = 0..<0
    /// The whole line that `forwardedFor` is the value of.
    private var forwardedForLine = 0..<0
    var hasForwardedProto = false
    var hasForwardedHost = false
    var expectsContinue = false

    /// Takes note of a line; returns whether it is passed on.
    @inline(__always)
    mutating func note(
        _ line: FieldLine, _ input: RawSpan, _ plan: RequestPlan, _ output: inout OutputRawSpan,
        upTo offset: Int, run: inout Int
    ) throws(HeadError) -> Bool {
        switch line.nameEnd &- line.nameStart {
        case 4:
            if line.named("host", input) {
                hosts &+= 1
                host = line.value
                return plan.authority == nil
            }
        case 6:
            if line.named("expect", input) {
                guard line.valued("100-continue", input) else { throw .expectation }
                expectsContinue = true
                return false
            }
        case 9:
            if line.named("x-call-id", input) {
                callID = line.value
                return false
            }
        case 12:
            if line.named("x-start-time", input) { return false }
        case 15:
            if line.named("x-forwarded-for", input) {
                try passEarlier(input, &output, upTo: offset, run: &run)
                forwardedFor = line.value
                forwardedForLine = line.nameStart..<line.end
                return false
            }
        case 16:
            if line.named("x-forwarded-host", input) { hasForwardedHost = true }
        case 17:
            if line.named("x-forwarded-proto", input) { hasForwardedProto = true }
        default: break
        }
        return try common.note(line, input) ?? true
    }

    /// A further `X-Forwarded-For`: the earlier one is passed on as it came, so that the order stays and no number of
    /// them makes the output longer than the input.
    private func passEarlier(
        _ input: RawSpan, _ output: inout OutputRawSpan, upTo offset: Int, run: inout Int
    ) throws(HeadError) {
        guard !forwardedFor.isEmpty else { return }
        try output.appendFitting(input, from: run, to: offset)
        run = offset
        try output.appendFitting(
            input, from: forwardedForLine.lowerBound, to: forwardedForLine.upperBound)
    }
}
