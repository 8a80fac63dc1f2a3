import Gateway
import Testing

@Suite struct RefusalTests {
    /// What tools look for: code, status and Retry-After of every answer that the gateway gives itself.
    @Test func codesAndStatusesStay() {
        let promised: [(code: String, status: Int, retryAfter: Int?)] = [
            ("malformed_request", 400, nil), ("head_too_large", 431, nil), ("http_version", 505, nil),
            ("expectation", 417, nil), ("transfer_coding", 501, nil), ("head_timeout", 408, nil),
            ("credentials_needed", 401, nil), ("function_not_found", 404, nil), ("queue_full", 503, 1),
            ("queue_timeout", 503, 1), ("start_failed", 502, nil), ("function_unreachable", 502, nil),
            ("function_failed", 502, nil), ("invalid_response", 502, nil), ("function_timeout", 504, nil),
            ("command_failed", 500, nil), ("command_killed", 502, nil),
            ("oom_killed", 502, nil), ("pids_exhausted", 502, nil), ("disk_quota", 502, nil),
        ]
        let found = Refusal.allCases
        #expect(found.map { "\($0.code)" } == promised.map(\.code))
        #expect(found.map(\.status.code) == promised.map(\.status))
        #expect(found.map(\.retryAfter) == promised.map(\.retryAfter))
    }
}
