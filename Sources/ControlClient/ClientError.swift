package import ControlAPI
internal import Core
internal import NIOCore
internal import NIOHTTP1

/// Why a request got no answer that could be used. Says what to do about it.
package enum ClientError: Error, Sendable, Hashable, CustomStringConvertible {
    /// No daemon listens there.
    case notRunning(Endpoint)
    /// The user may not open the socket.
    case notPermitted(Endpoint)
    case timedOut(Endpoint, after: Duration)
    /// The connection ended before the answer did.
    case closedEarly(Endpoint)
    /// What answered is no Torpor of this version.
    case notUnderstood(Endpoint, String)
    case failed(Endpoint, String)
    /// The daemon, whose version is told where it tells it, does not know what it is asked for.
    case otherVersion(Endpoint, String?)
    /// The daemon said no.
    case refused(ControlError)

    package var description: String {
        switch self {
        case .notRunning(.unixSocket(let path)):
            """
            torpord is not running: nothing listens on \(path)
            start it with: sudo systemctl start torpord (or in the foreground: sudo torpord)
            or name its socket with --socket or TORPOR_SOCKET
            """
        case .closedEarly(.dialled(let name)):
            """
            the connection to \(name) ended before the answer did; what ssh said stands above
            torpor must be in PATH over there, and its user in the group torpor or root
            """
        case .closedEarly(.unixSocket):
            """
            torpord went away before its answer was complete
            look into it with: systemctl status torpord, journalctl -u torpord
            """
        case .notRunning(let endpoint): "nothing listens on \(endpoint)"
        case .notPermitted(let endpoint):
            """
            you may not open \(endpoint): it belongs to root and the group torpor
            join the group with: sudo usermod -aG torpor $USER, then log in again
            (its members are as powerful as root on this host), or use sudo
            """
        case .timedOut(let endpoint, let time): "no answer from \(endpoint) within \(time)"
        case .closedEarly(let endpoint): "the connection to \(endpoint) ended before the answer did"
        case .notUnderstood(let endpoint, let what): "the answer of \(endpoint) is not understood: \(what)"
        case .failed(let endpoint, let why): "cannot talk to \(endpoint): \(why)"
        case .otherVersion(let endpoint, let version):
            """
            this torpord (\(version ?? "of unknown version")) is older than torpor (\(TorporVersion.current)): \
            it does not know this command
            upgrade it and start it anew on \(endpoint): sudo systemctl restart torpord
            """
        case .refused(let error): error.description
        }
    }

    /// - Parameter code: errno(3) of connect(2).
    static func connecting(to endpoint: Endpoint, code: Int32) -> ClientError {
        switch code {
        case 2, 111: .notRunning(endpoint)  // ENOENT, ECONNREFUSED
        case 1, 13: .notPermitted(endpoint)  // EPERM, EACCES
        case 32, 104, 107: .closedEarly(endpoint)  // EPIPE, ECONNRESET, ENOTCONN
        default:
            // NIO's own words have a parenthesis too many.
            .failed(
                endpoint,
                "\(IOError(errnoCode: code, reason: "connect"))".replacing(") (errno", with: " (errno"))
        }
    }

    static func mapping(_ error: any Error, at endpoint: Endpoint) -> any Error {
        switch error {
        case is ClientError, is CancellationError: error
        case let error as IOError: ClientError.connecting(to: endpoint, code: error.errnoCode)
        case is ChannelError: ClientError.closedEarly(endpoint)
        // The connection ended inside of an answer.
        case HTTPParserError.invalidEOFState: ClientError.closedEarly(endpoint)
        default: ClientError.failed(endpoint, "\(error)")
        }
    }
}
