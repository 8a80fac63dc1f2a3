import Core
import Glibc
import LinuxSystem
import Networking
import Synchronization
import Testing

/// A host of its own: a fresh network namespace with the pool's bridge in it, gone when the test ends.
struct NetworkFixture {
    let host: SharedFD
    /// The namespace that the test process runs in.
    let outside: SharedFD
    /// What the pool tells while it runs.
    let told = Told()

    final class Told: Sendable {
        private let list = Mutex<[NetworkNotice]>([])
        var notices: [NetworkNotice] { list.withLock { $0 } }
        func add(_ notice: NetworkNotice) { list.withLock { $0.append(notice) } }
    }

    static let subnet = "10.99.0.0/24"
    static let bridge = "torporT"
    static let gatewayPort: UInt16 = 7080

    /// Whether this process may make network namespaces: root, or root in a user namespace.
    static let canRun: Bool = {
        guard let current = try? NetworkNamespace.current() else { return false }
        return (try? NetworkNamespace.create(host: current)) != nil
    }()
    static let reason: Comment = "needs CAP_SYS_ADMIN to make network namespaces"

    init() throws {
        outside = try NetworkNamespace.current()
        host = try NetworkNamespace.create(host: outside)
        try inside(host) { try NetworkNamespace.bringUp("lo") }
    }

    func inside<Result>(_ namespace: SharedFD, _ body: () throws -> Result) throws -> Result {
        try NetworkNamespace.inside(namespace, host: outside, body)
    }

    func start(bridge: String = bridge, subnet: String = subnet) async throws -> SlotPool {
        let told = told
        let pool = try await SlotPool.start(bridge: bridge, subnet: subnet, inside: host) { told.add($0) }
        await pool.openGateway(port: Self.gatewayPort)
        return pool
    }

    /// Runs `body` with a pool that is stopped afterwards, whatever happens.
    static func with(
        bridge: String = bridge, subnet: String = subnet,
        _ body: (NetworkFixture, SlotPool) async throws -> Void
    ) async throws {
        let fixture = try NetworkFixture()
        let pool = try await fixture.start(bridge: bridge, subnet: subnet)
        do { try await body(fixture, pool) } catch {
            await pool.stop()
            throw error
        }
        await pool.stop()
    }

    /// Runs a host tool in a namespace and returns what it printed.
    @discardableResult
    func run(_ command: String, in namespace: SharedFD) throws -> (status: Int32, output: String) {
        try inside(namespace) {
            guard let pipe = popen("exec 2>&1; \(command)", "r") else {
                throw KernelError("popen", code: errno)
            }
            var output: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 4096)
            while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 {
                output += buffer[..<count]
            }
            let status = pclose(pipe)
            return (status >> 8 & 0xff, String(decoding: output, as: UTF8.self))
        }
    }

    /// Waits until something holds; records an issue after fifteen seconds, which a busy host may take.
    func eventually(_ what: Comment, _ holds: () throws -> Bool) async throws {
        for _ in 0..<1500 {
            if try holds() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record(what)
    }
}

/// Plain blocking sockets, as a function's program would make them.
struct TestSocket: ~Copyable {
    let fd: OwnedFD

    /// Listens on an IPv4 address or on ::1, in the calling thread's namespace.
    init(listeningOn address: String, port: UInt16, backlog: Int32 = 16, reuse: Bool = false) throws {
        let six = address.contains(":")
        let fd = try TestSocket.make(six ? AF_INET6 : AF_INET)
        var on: Int32 = 1
        if reuse { setsockopt(fd.raw, SOL_SOCKET, SO_REUSEADDR, &on, 4) }
        try TestSocket.with(address, port) { pointer, length in
            if bind(fd.raw, pointer, length) != 0 { throw KernelError("bind", subject: address, code: errno) }
        }
        if listen(fd.raw, backlog) != 0 { throw KernelError("listen", code: errno) }
        self.fd = fd
    }

    init(connectingTo address: String, port: UInt16, seconds: Int = 2) throws {
        let fd = try TestSocket.make(address.contains(":") ? AF_INET6 : AF_INET)
        var timeout = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(fd.raw, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(fd.raw, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        try TestSocket.with(address, port) { pointer, length in
            if connect(fd.raw, pointer, length) != 0 {
                throw KernelError("connect", subject: address, code: errno)
            }
        }
        self.fd = fd
    }

    /// Gives the descriptor away.
    consuming func release() -> OwnedFD { fd }

    /// The next connection, and the address it came from.
    borrowing func accept() throws -> (descriptor: Int32, peer: String) {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let raw = withUnsafeMutableBytes(of: &address) {
            Glibc.accept(fd.raw, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length)
        }
        if raw < 0 { throw KernelError("accept", code: errno) }
        let number = UInt32(bigEndian: address.sin_addr.s_addr)
        return (raw, IPv4Address(number: number).description)
    }

    private static func make(_ family: Int32) throws -> OwnedFD {
        let raw = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        if raw < 0 { throw KernelError("socket", code: errno) }
        return OwnedFD(owning: raw)
    }

    private static func with(
        _ address: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Void
    ) throws {
        var storage = sockaddr_storage()
        try withUnsafeMutableBytes(of: &storage) { bytes in
            guard let base = bytes.baseAddress else { return }
            let length: Int
            if address.contains(":") {
                let six = base.assumingMemoryBound(to: sockaddr_in6.self)
                six.pointee.sin6_family = sa_family_t(AF_INET6)
                six.pointee.sin6_port = port.bigEndian
                inet_pton(AF_INET6, address, &six.pointee.sin6_addr)
                length = MemoryLayout<sockaddr_in6>.size
            } else {
                let four = base.assumingMemoryBound(to: sockaddr_in.self)
                four.pointee.sin_family = sa_family_t(AF_INET)
                four.pointee.sin_port = port.bigEndian
                inet_pton(AF_INET, address, &four.pointee.sin_addr)
                length = MemoryLayout<sockaddr_in>.size
            }
            try body(base.assumingMemoryBound(to: sockaddr.self), socklen_t(length))
        }
    }
}
