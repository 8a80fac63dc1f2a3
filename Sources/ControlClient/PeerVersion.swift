internal import ControlAPI
internal import Core
internal import NIOHTTP1
internal import Synchronization

/// Which version answers, where it is another one than this: then what is not understood has a reason.
final class PeerVersion: Sendable {
    private let other = Mutex<String?>(nil)

    /// Nil where it is this one, or unknown.
    var version: String? { other.withLock { $0 } }

    func note(_ head: HTTPResponseHead) {
        let name = head.headers["Server"].first ?? ""
        guard name.hasPrefix(TorporVersion.serverPrefix) else { return }
        let version = String(name.dropFirst(TorporVersion.serverPrefix.count))
        if version != TorporVersion.current { other.withLock { $0 = version } }
    }

    func explain(_ error: ClientError) -> ClientError {
        guard let version = other.withLock({ $0 }) else { return error }
        let note =
            "\nthe daemon is Torpor \(version) and this is \(TorporVersion.current): give both the same version, then "
            + "restart the daemon (sudo systemctl restart torpord)"
        switch error {
        case .notUnderstood(let endpoint, let what): return .notUnderstood(endpoint, what + note)
        case .refused(var refusal) where refusal.mayBeOfAnotherVersion:
            refusal.message += note
            return .refused(refusal)
        default: return error
        }
    }
}

extension ControlError {
    /// Of requests that every daemon of this version would have understood.
    fileprivate var mayBeOfAnotherVersion: Bool {
        switch kind {
        case .malformed, .invalid: true
        default: false
        }
    }
}
