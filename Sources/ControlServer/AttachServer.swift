internal import ControlAPI
internal import Core
internal import LinuxSystem
package import Logging
internal import ServiceLifecycle
internal import Synchronization

/// The attach socket, beside the control socket and with its owner and mode: for what HTTP cannot do, which is to hand over
/// descriptors, and sessions that are silent for hours. Each connection is one session.
///
/// One thread of its own waits for all of them; nothing that it calls blocks.
package struct AttachServer: Service {
    private let loop: AttachLoop

    /// Listens from here on. What is at the path is removed, so the daemon must hold its lock.
    package init(
        backend: any AttachBackend, socket: ControlSocket, logger: Logger
    ) throws {
        loop = try AttachLoop(backend: backend, path: socket.path, logger: logger)
        try socket.restrict()
    }

    /// Until graceful shutdown; then every client is hung up on.
    package func run() async throws {
        let loop = loop
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await withCheckedThrowingContinuation { (over: CheckedContinuation<Void, any Error>) in
                do {
                    _ = try DedicatedThread(name: "attach") {
                        loop.run()
                        over.resume()
                    }
                } catch {
                    over.resume(throwing: error)
                }
            }
        } onCancelOrGracefulShutdown: {
            loop.close()
        }
    }
}

/// What the thread of the attach socket does.
private final class AttachLoop: Sendable {
    private static let wakeToken: UInt64 = 0
    private static let listenerToken: UInt64 = 1

    private let backend: any AttachBackend
    private let path: String
    private let logger: Logger
    private let listener: PacketListener
    private let poller: Poller
    private let wake: WakeEvent
    private let isClosed = Atomic<Bool>(false)

    init(backend: any AttachBackend, path: String, logger: Logger) throws(KernelError) {
        self.backend = backend
        self.path = path
        self.logger = logger
        do { try FileTree.remove(path) } catch { if !error.isMissing { throw error } }
        listener = try PacketListener(
            path: path, backlog: Int32(Limits.attachConnections), sendSeconds: 1)
        poller = try Poller()
        wake = try WakeEvent()
        try poller.add(wake.descriptor, Self.wakeToken)
        try poller.add(listener.descriptor, Self.listenerToken)
    }

    func close() {
        isClosed.store(true, ordering: .releasing)
        wake.signal()
    }

    func run() {
        var connections: [UInt64: AttachConnection] = [:]
        var last = Self.listenerToken
        while !isClosed.load(ordering: .acquiring) {
            // Once a second while there is somebody whose request may never come.
            for token in poller.wait(milliseconds: connections.isEmpty ? -1 : 1000) {
                switch token {
                case Self.wakeToken: wake.clear()
                case Self.listenerToken: accept(&connections, &last)
                default: if connections[token]?.ready() == false { remove(token, &connections) }
                }
            }
            let now = KernelClock.monotonic()
            for (token, connection) in connections where !connection.isInTime(now) {
                remove(token, &connections)
            }
        }
        try? FileTree.remove(path)
        for connection in connections.values { connection.lose() }
    }

    private func accept(_ connections: inout [UInt64: AttachConnection], _ last: inout UInt64) {
        do {
            while let socket = try listener.accept() {
                let connection = AttachConnection(socket, backend, logger, now: KernelClock.monotonic())
                guard connections.count < Limits.attachConnections else {
                    connection.refuse(
                        ControlError(
                            .unavailable,
                            "\(Limits.attachConnections) sessions are open, the most that are allowed"))
                    continue
                }
                last += 1
                try poller.add(connection.descriptor, last)
                connections[last] = connection
            }
        } catch {
            // For want of descriptors, say. Whoever waits is asked for again; not at once.
            logger.warning("the attach socket accepts nobody", metadata: ["error": "\(error)"])
            wake.wait(nanoseconds: 100_000_000)
        }
    }

    private func remove(_ token: UInt64, _ connections: inout [UInt64: AttachConnection]) {
        guard let connection = connections.removeValue(forKey: token) else { return }
        poller.remove(connection.descriptor)
        connection.lose()
    }
}
