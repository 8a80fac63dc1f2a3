internal import Core
internal import HTTPWire

/// Every answer that the gateway gives itself, and the one place where status codes are chosen.
package enum Refusal: Int, Sendable, CaseIterable {
    case malformed, headTooLarge, version, expectation, transferCoding, headTimeout
    case credentialsNeeded
    case functionNotFound
    case queueFull, queueTimeout
    case startFailed, functionUnreachable, functionFailed, invalidResponse
    case functionTimeout
    case commandFailed, commandKilled
    case oomKilled, pidsExhausted, diskQuota

    init(_ error: HeadError) {
        self =
            switch error {
            case .malformed: .malformed
            case .tooLarge: .headTooLarge
            case .version: .version
            case .expectation: .expectation
            case .transferCoding: .transferCoding
            }
    }

    /// A call failed while its instance had run out of something.
    init(_ exhaustion: Exhaustion) {
        self =
            switch exhaustion {
            case .memory: .oomKilled
            case .pids: .pidsExhausted
            case .disk: .diskQuota
            }
    }

    package var status: (code: Int, reason: StaticString) {
        switch self {
        case .malformed: (400, "Bad Request")
        case .credentialsNeeded: (401, "Unauthorized")
        case .functionNotFound: (404, "Not Found")
        case .headTimeout: (408, "Request Timeout")
        case .expectation: (417, "Expectation Failed")
        case .headTooLarge: (431, "Request Header Fields Too Large")
        case .commandFailed: (500, "Internal Server Error")
        case .transferCoding: (501, "Not Implemented")
        case .startFailed, .functionUnreachable, .functionFailed, .invalidResponse, .commandKilled,
            .oomKilled, .pidsExhausted, .diskQuota:
            (502, "Bad Gateway")
        case .queueFull, .queueTimeout: (503, "Service Unavailable")
        case .functionTimeout: (504, "Gateway Timeout")
        case .version: (505, "HTTP Version Not Supported")
        }
    }

    /// Short and stable: what tools look for.
    package var code: StaticString {
        switch self {
        case .malformed: "malformed_request"
        case .headTooLarge: "head_too_large"
        case .version: "http_version"
        case .expectation: "expectation"
        case .transferCoding: "transfer_coding"
        case .headTimeout: "head_timeout"
        case .credentialsNeeded: "credentials_needed"
        case .functionNotFound: "function_not_found"
        case .queueFull: "queue_full"
        case .queueTimeout: "queue_timeout"
        case .startFailed: "start_failed"
        case .functionUnreachable: "function_unreachable"
        case .functionFailed: "function_failed"
        case .invalidResponse: "invalid_response"
        case .functionTimeout: "function_timeout"
        case .commandFailed: "command_failed"
        case .commandKilled: "command_killed"
        case .oomKilled: "oom_killed"
        case .pidsExhausted: "pids_exhausted"
        case .diskQuota: "disk_quota"
        }
    }

    /// Whether it tells of something wrong with the function or its settings. Of commands their calls tell themselves.
    var isWorthTelling: Bool {
        switch self {
        case .queueFull, .queueTimeout, .startFailed, .functionUnreachable, .functionFailed, .invalidResponse,
            .functionTimeout, .oomKilled, .pidsExhausted, .diskQuota:
            true
        default: false
        }
    }

    /// Seconds after which it is worth trying again.
    package var retryAfter: Int? {
        switch self {
        case .queueFull, .queueTimeout: 1
        default: nil
        }
    }

    /// - Parameter callID: a token, so nothing in it needs escaping.
    func response(callID: String) -> LocalResponse {
        LocalResponse(
            status: status.code, reason: status.reason, contentType: "application/json",
            body: "{\"error\":\"\(code)\",\"callId\":\"\(callID)\"}\n",
            retryAfter: retryAfter, challenges: status.code == 401)
    }

    static func healthy() -> LocalResponse {
        LocalResponse(status: 200, reason: "OK", contentType: "text/plain; charset=utf-8", body: "ok\n")
    }
}
