package import ControlAPI
internal import Core
internal import FoundationEssentials
package import LinuxSystem
internal import Synchronization

/// The attach socket, which lies beside the control socket. Its calls block: for a thread of the caller's.
package struct AttachClient: Sendable {
    private let path: String

    package init(controlSocket: String) {
        let directory = controlSocket.lastIndex(of: "/").map { String(controlSocket[...$0]) } ?? ""
        path = directory + "attach.sock"
    }

    /// Asks, and waits for the answer: as long as an instance takes to wake.
    /// - Throws: `ClientError`.
    package func attach(_ request: AttachRequest) throws -> AttachSession {
        let endpoint = Endpoint.unixSocket(path: path)
        let bytes = [UInt8](try ControlCoding.encode(request))
        guard bytes.count <= Limits.attachRequestBytes else {
            throw ClientError.refused(
                ControlError(
                    .tooLarge, "the command has \(bytes.count) bytes",
                    allowed: "at most \(Limits.attachRequestBytes)"))
        }
        let session: AttachSession
        do throws(KernelError) {
            session = AttachSession(try PacketSocket(connectingTo: path), endpoint)
        } catch {
            throw ClientError.connecting(to: endpoint, code: error.code)
        }
        // One who is refused at once has his answer, and a socket that takes nothing.
        try? session.send(bytes)
        guard let answer = try session.receive() else { throw ClientError.closedEarly(endpoint) }
        if let error = answer.reply.error { throw ClientError.refused(error) }
        guard answer.reply.attached != nil else {
            throw ClientError.notUnderstood(endpoint, "it is neither a session nor an error")
        }
        session.keep(answer.descriptors)
        return session
    }
}

/// A session that the daemon has opened. It ends when this is let go.
package final class AttachSession: Sendable {
    private let socket: PacketSocket
    private let endpoint: Endpoint
    private let kept = Mutex<[SharedFD]>([])
    /// Descriptors of one session at most, and bytes of an answer.
    private static let descriptors = 3
    private static let replyBytes = 64 << 10

    init(_ socket: consuming PacketSocket, _ endpoint: Endpoint) {
        self.socket = socket
        self.endpoint = endpoint
    }

    /// For waiting together with other descriptors.
    package var descriptor: Int32 { socket.descriptor }

    fileprivate func keep(_ descriptors: [SharedFD]) { kept.withLock { $0 = descriptors } }

    /// What came with the answer, once: whoever lets go of one closes it.
    package func takeDescriptors() -> [SharedFD] {
        kept.withLock { kept in
            defer { kept = [] }
            return kept
        }
    }

    /// How it ended, which this waits for; nil when the daemon has gone without saying so.
    package func end() throws -> AttachEnd? { try receive()?.reply.ended }

    /// For the process's group. Where it cannot be sent, the session is at its end.
    package func signal(_ number: Int32) {
        guard let bytes = try? ControlCoding.encode(AttachSignal(signal: Int(number))) else { return }
        try? send([UInt8](bytes))
    }

    fileprivate func send(_ bytes: [UInt8]) throws(KernelError) {
        var failure: KernelError?
        bytes.withUnsafeBytes { raw in
            do throws(KernelError) { try socket.send(raw) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    fileprivate func receive() throws -> (reply: AttachReply, descriptors: [SharedFD])? {
        do {
            guard let packet = try socket.receive(limit: Self.replyBytes, descriptors: Self.descriptors)
            else { return nil }
            return (try ControlCoding.decode(AttachReply.self, from: Data(packet.bytes)), packet.descriptors)
        } catch let error as KernelError {
            throw ClientError.failed(endpoint, error.description)
        } catch {
            throw ClientError.notUnderstood(endpoint, "\(error)")
        }
    }
}
