package import Core

/// Why a control request was not done. Travels as the JSON body of every response that is not 2xx.
package struct ControlError: Error, Sendable, Hashable, Codable, CustomStringConvertible {
    /// Stable codes for tools.
    package enum Kind: String, Sendable, Codable, CaseIterable {
        /// The request is not HTTP or JSON as this API reads it.
        case malformed
        /// There is no such function, instance or the like.
        case notFound
        /// There is no such path: whoever asks for it is of another version.
        case unknownPath
        case methodNotAllowed
        /// Well-formed, but a value is not allowed: see `path` and `allowed`.
        case invalid
        /// Contradicts what is there: another deploy of the function is under way, for example.
        case conflict
        /// The request's body is over `Limits.controlBodyBytes`.
        case tooLarge
        /// The new revision did not come up: see `failure`.
        case failedToStart
        /// Not now: the daemon starts, drains or is at a limit.
        case unavailable
        case `internal`
    }

    package var kind: Kind
    /// A sentence: what is wrong, and what to do about it.
    package var message: String
    /// Where the problem stands, as the user wrote it: `limits.memory`.
    package var path: String?
    /// What would have been accepted.
    package var allowed: String?
    package var failure: FailureView?

    package init(
        _ kind: Kind, _ message: String, path: String? = nil, allowed: String? = nil,
        failure: FailureView? = nil
    ) {
        self.kind = kind
        self.message = message
        self.path = path
        self.allowed = allowed
        self.failure = failure
    }

    package init(_ problem: InvalidInput) {
        self.init(
            .invalid, problem.problem, path: problem.path.isEmpty ? nil : problem.path,
            allowed: problem.allowed)
    }

    /// A revision that did not come up.
    package init(_ failure: InstanceFailure) {
        self.init(.failedToStart, failure.message, failure: FailureView(failure))
    }

    package static func noSuchFunction(_ function: FunctionKey) -> ControlError {
        ControlError(.notFound, "there is no function '\(function)'")
    }

    package var description: String {
        let base = path.map { "\($0): \(message)" } ?? message
        return allowed.map { "\(base) (\($0))" } ?? base
    }
}

extension ControlError.Kind {
    /// The one place where an error of the control API gets its HTTP status.
    package var status: Int {
        switch self {
        case .malformed: 400
        case .notFound, .unknownPath: 404
        case .methodNotAllowed: 405
        case .conflict: 409
        case .tooLarge: 413
        case .invalid, .failedToStart: 422
        case .internal: 500
        case .unavailable: 503
        }
    }
}
