internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Glibc
internal import NIOPosix

/// What `torpor -H ssh://…` runs on the other host: standard input and output become a connection to the daemon.
struct SystemDialStdio: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dial-stdio", abstract: "Connect standard input and output with the daemon.",
        shouldDisplay: false)

    @OptionGroup var global: GlobalOptions
    @Flag(help: "With its gateway instead of its control socket.") var gateway = false

    func run() async throws {
        let connection: Int32
        if gateway {
            let address = try await global.client.systemInfo().gateway
            guard case .tcp(let host, let port)? = Endpoint(listenAddress: address) else {
                throw ToolFailure("the daemon's gateway listens on '\(address)', which is no host:port")
            }
            connection = try StreamSocket.tcp(host: host, port: port)
        } else {
            connection = try StreamSocket.unix(path: global.socketPath)
        }
        // Both directions block, on threads of their own; the end of the daemon's side is the end of it all.
        let pool = NIOThreadPool.singleton
        let upward = Task {  // Ends with the process: nothing can interrupt a read of standard input.
            try await pool.runIfActive {
                StreamSocket.copy(from: 0, to: connection)
                shutdown(connection, Int32(SHUT_WR))
            }
        }
        try await pool.runIfActive { StreamSocket.copy(from: connection, to: 1) }
        upward.cancel()
    }
}

/// Blocking sockets, for `dial-stdio`.
enum StreamSocket {
    static func unix(path: String) throws -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw ToolFailure("\(path): the path of a socket is at most 107 bytes long")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return try withUnsafeBytes(of: address) { try connected(AF_UNIX, $0, path) }
    }

    /// - Parameter host: numeric.
    static func tcp(host: String, port: Int) throws -> Int32 {
        let number = in_port_t(port).bigEndian
        var four = sockaddr_in()
        if inet_pton(AF_INET, host, &four.sin_addr) == 1 {
            four.sin_family = sa_family_t(AF_INET)
            four.sin_port = number
            return try withUnsafeBytes(of: four) { try connected(AF_INET, $0, "\(host):\(port)") }
        }
        var six = sockaddr_in6()
        guard inet_pton(AF_INET6, host, &six.sin6_addr) == 1 else {
            throw ToolFailure("'\(host)' is no numeric address")
        }
        six.sin6_family = sa_family_t(AF_INET6)
        six.sin6_port = number
        return try withUnsafeBytes(of: six) { try connected(AF_INET6, $0, "[\(host)]:\(port)") }
    }

    private static func connected(
        _ family: Int32, _ address: UnsafeRawBufferPointer, _ name: String
    ) throws -> Int32 {
        let fd = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        // SAFETY: the bytes are a socket address of this family, and live through the call.
        let result = connect(
            fd, address.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(address.count))
        guard fd >= 0, result == 0 else {
            let reason = String(cString: strerror(errno))
            if fd >= 0 { close(fd) }
            throw ToolFailure("cannot connect to \(name): \(reason)")
        }
        return fd
    }

    /// Until the end of the one side, or until the other does not take it.
    static func copy(from source: Int32, to target: Int32) {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(source, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            var written = 0
            while written < count {
                let result = buffer.withUnsafeBytes {
                    write(target, $0.baseAddress?.advanced(by: written), count - written)
                }
                if result < 0, errno == EINTR { continue }
                guard result > 0 else { return }
                written += result
            }
        }
    }
}
