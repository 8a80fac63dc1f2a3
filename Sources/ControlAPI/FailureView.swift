package import Core

/// How a process ended, on the wire: `{"reason": "exited", "code": 1}`.
package struct ExitView: Sendable, Hashable, Codable {
    package enum Reason: String, Sendable, Codable, CaseIterable {
        case exited, signalled, oomKilled, unknown
    }

    package var reason: Reason
    package var code: Int?
    package var signal: Int?

    package init(_ status: ExitStatus) {
        switch status {
        case .code(let code):
            reason = .exited
            self.code = code
        case .signal(let signal):
            reason = .signalled
            self.signal = signal
        case .oomKilled: reason = .oomKilled
        case .unknown: reason = .unknown
        }
    }
}

/// Why an instance failed, on the wire.
package struct FailureView: Sendable, Hashable, Codable {
    package var phase: InstanceFailure.Phase
    /// The short stable code: `OOMKilled`, `CommandNotFound`, …
    package var cause: String
    package var message: String
    package var exit: ExitView?
    package var instance: InstanceID?
    package var callID: String?
    /// The last lines of the instance's log, oldest first.
    package var log: [String]
    package var at: Timestamp

    package init(_ failure: InstanceFailure) {
        phase = failure.phase
        cause = failure.cause
        message = failure.message
        exit = failure.exit.map(ExitView.init)
        instance = failure.instance
        callID = failure.callID
        log = failure.log
        at = Timestamp(unixSeconds: failure.at)
    }
}
