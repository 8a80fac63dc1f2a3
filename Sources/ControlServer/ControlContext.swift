internal import ControlAPI
internal import Core
internal import Hummingbird
internal import Logging
internal import NIOCore

/// What the server knows of one request beside its bytes: the connection, hence who is at its other end.
struct ControlContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    private let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// Writes down who asked for a change, and of what.
    func audit(_ route: ControlRoute, _ subject: String?) async {
        let peer = await peerCredentials()
        logger.info(
            "control request",
            metadata: [
                "operation": "\(route.rawValue)", "subject": "\(subject ?? "-")",
                "uid": "\(peer.map { String($0.uid) } ?? "unknown")",
                "pid": "\(peer.map { String($0.pid) } ?? "unknown")",
            ])
    }

    /// `struct ucred` of unix(7).
    private struct PeerCredentials: Sendable {
        let pid: Int32
        let uid: UInt32
        let gid: UInt32
    }

    private func peerCredentials() async -> PeerCredentials? {
        guard let provider = channel as? any SocketOptionProvider else { return nil }
        // SO_PEERCRED of unix(7) is 17 on both architectures.
        let option = NIOBSDSocket.Option(rawValue: 17)
        // SAFETY: the kernel fills exactly a `struct ucred`, three 32-bit words, as this type is laid out.
        let found: EventLoopFuture<PeerCredentials> = provider.unsafeGetSocketOption(
            level: .socket, name: option)
        return try? await found.get()
    }
}
