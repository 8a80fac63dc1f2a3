/// Why a message's head or body framing is not accepted.
package enum HeadError: Error, Sendable, Equatable {
    /// Breaks the grammar of RFC 9112, or could be read in two ways.
    case malformed
    /// More bytes than `headBytes` allows.
    case tooLarge
    /// Neither HTTP/1.0 nor HTTP/1.1.
    case version
    /// An expectation other than `100-continue`.
    case expectation
    /// A transfer coding other than `chunked`.
    case transferCoding
}

/// How the end of a message's body is found (RFC 9112, section 6.3).
package enum BodyFraming: Sendable, Equatable {
    case none
    /// Bytes, more than 0.
    case length(Int)
    case chunked
    /// A response that ends with its connection.
    case untilClose
}
