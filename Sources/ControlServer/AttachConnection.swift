internal import ControlAPI
internal import Core
internal import FoundationEssentials
internal import LinuxSystem
internal import Logging
internal import Synchronization

/// One connection of the attach socket: a request, then a session.
final class AttachConnection: Sendable {
    private enum Phase {
        case waiting
        /// The backend works at the request; it may have ended already.
        case asked(AttachEnd?)
        case attached(any AttachedSession)
        case over
    }

    private let socket: PacketSocket
    private let backend: any AttachBackend
    private let logger: Logger
    /// When the request must be there (monotonic nanoseconds).
    private let deadline: Int64
    private let phase = Mutex(Phase.waiting)

    init(_ socket: consuming PacketSocket, _ backend: any AttachBackend, _ logger: Logger, now: Int64) {
        self.socket = socket
        self.backend = backend
        self.logger = logger
        deadline = now + Limits.attachRequestTimeout.nanoseconds
    }

    var descriptor: Int32 { socket.descriptor }

    /// The socket has something. On the server's thread.
    /// - Returns: false at its end.
    func ready() -> Bool {
        // One byte more than is allowed tells a request that is too long.
        switch try? socket.receive(limit: Limits.attachRequestBytes + 1) {
        case .nothing: return true
        case .packet(let bytes): return take(bytes)
        case .end, nil: return false
        }
    }

    /// - Returns: whether it may still wait for its request.
    func isInTime(_ now: Int64) -> Bool {
        phase.withLock { if case .waiting = $0 { now < deadline } else { true } }
    }

    /// The connection is over: who was attached has gone.
    func lose() {
        let session = phase.withLock { phase -> (any AttachedSession)? in
            defer { phase = .over }
            if case .attached(let session) = phase { return session }
            return nil
        }
        session?.hangUp()
    }

    func refuse(_ error: ControlError) {
        send(AttachReply(error: error))
        socket.shutDown()
    }

    private func take(_ bytes: [UInt8]) -> Bool {
        guard bytes.count <= Limits.attachRequestBytes else {
            refuse(ControlError(.tooLarge, "the request is over \(Limits.attachRequestBytes) bytes"))
            return false
        }
        let session = phase.withLock { phase -> (isFirst: Bool, session: (any AttachedSession)?) in
            switch phase {
            case .waiting:
                phase = .asked(nil)
                return (true, nil)
            case .attached(let session): return (false, session)
            case .asked, .over: return (false, nil)
            }
        }
        if session.isFirst {
            ask(bytes)
            return true
        }
        // Nothing else is said to one who is attached, and nothing at all before.
        guard let session = session.session,
            let wish = try? ControlCoding.decode(AttachSignal.self, from: Data(bytes)),
            (1...64).contains(wish.signal)
        else { return false }
        session.signal(Int32(wish.signal))
        return true
    }

    private func ask(_ bytes: [UInt8]) {
        let request: AttachRequest
        do throws(ControlError) {
            request = try ControlCoding.decode(AttachRequest.self, from: Data(bytes))
            do throws(InvalidInput) { try request.validate() } catch { throw ControlError(error) }
        } catch {
            refuse(error)
            return
        }
        let peer = socket.peer
        logger.info(
            "attach request",
            metadata: [
                "operation": "\(request.purpose.name)", "subject": "\(request.function)",
                "uid": "\(peer.map { "\($0.uid)" } ?? "unknown")",
                "pid": "\(peer.map { "\($0.pid)" } ?? "unknown")",
            ])
        Task {  // Bounded by the wait for an instance; a client that leaves meanwhile is seen below.
            do throws(ControlError) {
                attached(try await backend.attach(request) { self.ended($0) })
            } catch {
                refuse(error)
            }
        }
    }

    private func attached(_ session: any AttachedSession) {
        let (isWanted, end) = phase.withLock { phase -> (Bool, AttachEnd?) in
            guard case .asked(let end) = phase else { return (false, nil) }
            // Under the lock, so that nobody tells the end before.
            send(session.reply, session.takeDescriptors())
            phase = .attached(session)
            return (true, end)
        }
        if !isWanted { session.hangUp() }
        if let end { finish(end) }
    }

    private func ended(_ end: AttachEnd) {
        let isTold = phase.withLock { phase in
            switch phase {
            case .asked:
                phase = .asked(end)
                return false
            case .attached: return true
            case .waiting, .over: return false
            }
        }
        if isTold { finish(end) }
    }

    private func finish(_ end: AttachEnd) {
        send(AttachReply(ended: end))
        socket.shutDown()
    }

    /// Without waiting: a client that does not read its two packets has gone.
    private func send(_ reply: AttachReply, _ descriptors: [SharedFD] = []) {
        guard let bytes = try? ControlCoding.encode(reply) else { return }
        let isSent = try? socket.sendNow([UInt8](bytes), descriptors: descriptors.map(\.raw))
        if isSent != true { socket.shutDown() }
    }
}

extension AttachRequest.Purpose {
    var name: String {
        switch self {
        case .exec: "exec"
        case .copy: "cp"
        case .port: "port-forward"
        }
    }
}
