internal import ControlAPI
internal import ControlClient
internal import Core
internal import Glibc
internal import LinuxSystem

/// Connects to ports of a function's instances. Its calls block.
struct PortConnector: Sendable {
    let function: FunctionKey
    let instance: InstanceID?
    let wakes: Bool
    let socket: String
    let remote: RemoteHost?

    /// Relays between a connection that was accepted and a port of an instance, until both directions are at their end.
    func relay(_ client: SharedFD, port: UInt16) throws {
        if let remote {
            try remote.run(command(port), on: client.raw)
            return
        }
        let (session, connection) = try connect(port)
        let upward = try DedicatedThread(name: "upward") {
            StreamSocket.copy(from: client.raw, to: connection.raw)
            shutdown(connection.raw, Int32(SHUT_WR))
        }
        StreamSocket.copy(from: connection.raw, to: client.raw)
        shutdown(client.raw, Int32(SHUT_WR))
        upward.join()
        // The session is the instance's wakefulness: it lasts to here.
        withExtendedLifetime(session) {}
    }

    /// The same between this process's own streams and a port. The end of the instance's side is the end of it all.
    func join(port: UInt16) throws {
        let (session, connection) = try connect(port)
        signal(SIGPIPE, SIG_IGN)
        // Ends with the process: nothing can interrupt a read of standard input.
        _ = try DedicatedThread(name: "upward") {
            StreamSocket.copy(from: 0, to: connection.raw)
            shutdown(connection.raw, Int32(SHUT_WR))
        }
        StreamSocket.copy(from: connection.raw, to: 1)
        withExtendedLifetime(session) {}
    }

    private func connect(_ port: UInt16) throws -> (session: AttachSession, connection: SharedFD) {
        let request = AttachRequest(function, instance: instance, wake: wakes, .port(Int(port)))
        let session = try AttachClient(controlSocket: socket).attach(request)
        guard let connection = session.takeDescriptors().first else {
            throw ToolFailure("the daemon's answer has no connection")
        }
        try StreamSocket.awaitConnection(connection.raw)
        return (session, connection)
    }

    /// What the other host runs.
    private func command(_ port: UInt16) -> [String] {
        var words = ["port-forward", "--stdio"]
        if let instance { words += ["--instance", "\(instance)"] }
        if !wakes { words.append("--no-wake") }
        return words + ["\(function)", "\(port)"]
    }
}

extension StreamSocket {
    /// Waits until a connection that does not block stands, and makes it one that does.
    static func awaitConnection(_ descriptor: Int32) throws {
        var room = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        while poll(&room, 1, 10_000) < 0, errno == EINTR {}
        var problem: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &problem, &size)
        guard room.revents & Int16(POLLOUT) != 0, problem == 0 else {
            throw ToolFailure(
                "no connection: \(String(cString: strerror(problem == 0 ? ETIMEDOUT : problem)))")
        }
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
    }

    /// Listens on 127.0.0.1. Port 0 is any.
    /// - Returns: the socket, which does not block, and its port.
    static func listen(port: UInt16) throws -> (SharedFD, UInt16) {
        let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        let raw = socket(AF_INET, Int32(kind), 0)
        guard raw >= 0 else { throw ToolFailure("no socket: \(String(cString: strerror(errno)))") }
        let descriptor = SharedFD(OwnedFD(owning: raw))
        var yes: Int32 = 1
        setsockopt(raw, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        // SAFETY: the bytes are a socket address of this family, and live through the calls.
        let isListening = withUnsafeMutableBytes(of: &address) { bytes -> Bool in
            let pointer = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress
            return bind(raw, pointer, size) == 0 && Glibc.listen(raw, 64) == 0
                && pointer.map { getsockname(raw, $0, &size) } == 0
        }
        guard isListening else {
            throw ToolFailure("cannot listen on 127.0.0.1:\(port): \(String(cString: strerror(errno)))")
        }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }
}
