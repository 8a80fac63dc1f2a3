internal import ControlClient
internal import Core
internal import Foundation
internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// Listens on this host and relays every connection, each on threads of its own, until Ctrl-C.
struct PortForwarder {
    private let ports: [PortPair]
    private let connector: PortConnector
    private let context: ToolContext
    private let open = OpenCount()

    init(_ ports: [PortPair], _ connector: PortConnector, _ context: ToolContext) {
        self.ports = ports
        self.connector = connector
        self.context = context
    }

    func run() throws {
        var listeners: [(descriptor: SharedFD, remote: UInt16)] = []
        for port in ports {
            let (descriptor, local) = try StreamSocket.listen(port: port.local)
            listeners.append((descriptor, port.remote))
            try context.output(
                "Forwarding from 127.0.0.1:\(local) to \(connector.function), port \(port.remote)\n")
        }
        signal(SIGPIPE, SIG_IGN)
        let signals = try SignalPipe([SIGINT, SIGTERM, SIGHUP])
        while true {
            var watched = listeners.map { pollfd(fd: $0.descriptor.raw, events: Int16(POLLIN), revents: 0) }
            watched.append(pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0))
            if poll(&watched, nfds_t(watched.count), -1) < 0 { continue }
            if watched[listeners.count].revents != 0 { return }
            for (listener, state) in zip(listeners, watched) where state.revents != 0 {
                accept(listener.descriptor, listener.remote)
            }
        }
    }

    private func accept(_ listener: SharedFD, _ port: UInt16) {
        let accepted: SharedFD?
        do throws(KernelError) { accepted = try StreamListener.accept(listener) } catch {
            // Without descriptors, those that wait would make this a busy loop.
            usleep(100_000)
            return
        }
        guard let client = accepted else { return }
        guard open.enter() else {
            context.errorOutput(
                "torpor: \(Limits.attachedPerFunction) connections are open: one more is refused\n")
            return
        }
        let (connector, context, open) = (connector, context, open)
        // Nobody waits for its end: it goes with its connection, or with the process.
        Thread.detachNewThread {
            defer { open.leave() }
            do { try connector.relay(client, port: port) } catch {
                let text = (error as? ClientError).map(Explanation.text) ?? "\(error)"
                context.errorOutput("torpor: \(text)\n")
            }
        }
    }
}

/// Connections that are open: as many as the daemon allows of one function.
private final class OpenCount: Sendable {
    private let count = Mutex(0)

    func enter() -> Bool {
        count.withLock { count in
            guard count < Limits.attachedPerFunction else { return false }
            count += 1
            return true
        }
    }

    func leave() { count.withLock { $0 -= 1 } }
}
