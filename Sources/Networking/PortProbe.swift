internal import Core
internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// Somebody who waits for a port. Ends once: listening, too late, or cancelled.
final class PortProbe: Sendable {
    let slot: SharedFD
    let port: UInt16
    /// Monotonic nanoseconds.
    let deadline: Int64

    private enum State {
        case new
        case waiting(CheckedContinuation<Void, any Error>)
        case over
    }
    private let state = Mutex(State.new)

    init(slot: SharedFD, port: UInt16, deadline: Int64) {
        self.slot = slot
        self.port = port
        self.deadline = deadline
    }

    /// False when it was cancelled before: the continuation has been resumed.
    func begin(_ continuation: CheckedContinuation<Void, any Error>) -> Bool {
        let begun = state.withLock { state in
            guard case .new = state else { return false }
            state = .waiting(continuation)
            return true
        }
        if !begun { continuation.resume(throwing: CancellationError()) }
        return begun
    }

    var isOver: Bool {
        state.withLock { state in
            if case .over = state { return true }
            return false
        }
    }

    func cancel() { finish(.failure(CancellationError())) }

    func finish(_ result: Result<Void, any Error>) {
        let continuation = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            defer { state = .over }
            guard case .waiting(let continuation) = state else { return nil }
            return continuation
        }
        continuation?.resume(with: result)
    }
}

/// The prober's tries for one port, on 127.0.0.1 and ::1 in turn, each with one socket for all of them.
final class PortAttempts {
    let probe: PortProbe
    private let startedAt: Int64
    private var due: Int64
    private var sockets: [LoopbackSocket.Family: SocketBox] = [:]
    private var families = LoopbackSocket.Family.allCases
    /// Why the last try failed, if it was anything but a refusal.
    private var trouble: KernelError?

    private static let shortest: Int64 = 50_000
    private static let longest: Int64 = 10_000_000

    init(_ probe: PortProbe, now: Int64) {
        self.probe = probe
        startedAt = now
        due = now
    }

    /// Tries when it is time. Returns when the next try is due; nil when there is none.
    func advance(now: Int64, host: SharedFD) -> Int64? {
        if probe.isOver { return nil }
        guard now >= due else { return due }
        if isAccepting(host: host) {
            // Closing is graceful: the function sees a connection that ends at once, and no error.
            sockets = [:]
            probe.finish(.success(()))
            return nil
        }
        if now >= probe.deadline {
            probe.finish(.failure(failure(now: now, host: host)))
            return nil
        }
        due = min(now + min(max((now - startedAt) / 16, Self.shortest), Self.longest), probe.deadline)
        return due
    }

    private func isAccepting(host: SharedFD) -> Bool {
        for family in families {
            do throws(KernelError) {
                if try socket(family, host: host).connect(port: probe.port) { return true }
            } catch {
                switch error.code {
                case ECONNREFUSED: break
                case EAFNOSUPPORT, EADDRNOTAVAIL, ENETUNREACH: families.removeAll { $0 == family }
                default:
                    trouble = error
                    sockets[family] = nil
                }
            }
        }
        return false
    }

    private func socket(_ family: LoopbackSocket.Family, host: SharedFD) throws(KernelError) -> SocketBox {
        if let socket = sockets[family] { return socket }
        let socket = try SocketBox(inside: probe.slot, host: host, family: family)
        sockets[family] = socket
        return socket
    }

    private func failure(now: Int64, host: SharedFD) -> InstanceFailure {
        let waited = DurationText.format(.milliseconds((now - startedAt) / 1_000_000))
        var message = "nothing accepts connections on port \(probe.port) after \(waited); "
        let sockets = ListeningSockets.inside(probe.slot, host: host)
        message += sockets?.advice(port: probe.port) ?? "listen on the port that $PORT names"
        if let trouble { message += " (\(trouble))" }
        return InstanceFailure(phase: .ready, cause: "NotListening", message: message)
    }
}

/// A socket that outlives one try.
private final class SocketBox {
    private var socket: LoopbackSocket

    init(inside slot: SharedFD, host: SharedFD, family: LoopbackSocket.Family) throws(KernelError) {
        socket = try LoopbackSocket(inside: slot, host: host, family: family)
    }

    func connect(port: UInt16) throws(KernelError) -> Bool {
        try socket.connect(port: port)
        return socket.isConnected
    }
}
