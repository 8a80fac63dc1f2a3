internal import CLinux
internal import Glibc

/// An AF_UNIX SOCK_SEQPACKET connection, or one end of a pair: whole packets, in order, with descriptors.
package struct PacketSocket: ~Copyable, Sendable {
    private let fd: OwnedFD

    package var descriptor: Int32 { fd.raw }

    /// Makes a pair and keeps one end of it.
    /// - Parameters:
    ///   - sendSeconds: how long a send of this end may wait for room. - other: gets the other end.
    package init(sendSeconds: Int32, other: inout OwnedFD?) throws(KernelError) {
        var ends: [Int32] = [-1, -1]
        try check(clinux_packet_pair(&ends, sendSeconds), "socketpair")
        fd = OwnedFD(owning: ends[0])
        other = OwnedFD(owning: ends[1])
    }

    /// One that was accepted.
    init(accepted fd: consuming OwnedFD) { self.fd = fd }

    /// Connects to a socket that listens at a path.
    /// - Parameter seconds: how long that, and each send, may wait.
    package init(connectingTo path: String, seconds: Int32 = 10) throws(KernelError) {
        fd = OwnedFD(owning: try check(clinux_packet_connect(path, seconds), "connect", subject: path))
    }

    /// Sends one packet. The descriptors stay the caller's.
    package func send(_ bytes: UnsafeRawBufferPointer, descriptors: [Int32] = []) throws(KernelError) {
        let sent = clinux_send(
            fd.raw, bytes.baseAddress, bytes.count, descriptors, UInt32(descriptors.count), 1)
        try check(sent, "sendmsg")
    }

    /// Sends one packet if there is room for it now. The descriptors stay the caller's.
    /// - Returns: whether it was sent.
    package func sendNow(_ bytes: [UInt8], descriptors: [Int32]) throws(KernelError) -> Bool {
        let sent = clinux_send(fd.raw, bytes, bytes.count, descriptors, UInt32(descriptors.count), 0)
        if sent == -Int64(EAGAIN) { return false }
        try check(sent, "sendmsg")
        return true
    }

    package enum Received {
        case packet([UInt8])
        /// Nothing is there yet.
        case nothing
        /// The other end is closed.
        case end
    }

    /// Takes one packet, without waiting. A packet longer than `limit` bytes is cut.
    package func receive(limit: Int) throws(KernelError) -> Received {
        var count: Int64 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, initialized in
            count = clinux_receive(fd.raw, buffer.baseAddress, limit)
            initialized = max(0, Int(count))
        }
        switch count {
        case 0, -Int64(ECONNRESET): return .end
        case -Int64(EAGAIN): return .nothing
        default:
            try check(count, "recv")
            return .packet(bytes)
        }
    }

    /// Takes one packet with at most `descriptors` descriptors, and waits for it; nil at the end of the stream.
    package func receive(
        limit: Int, descriptors: Int
    ) throws(KernelError) -> (bytes: [UInt8], descriptors: [SharedFD])? {
        var numbers = [Int32](repeating: -1, count: descriptors)
        var came: UInt32 = 0
        var count: Int64 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, initialized in
            count = clinux_receive_descriptors(
                fd.raw, buffer.baseAddress, limit, &numbers, UInt32(descriptors), &came, 1)
            initialized = max(0, Int(count))
        }
        if count == 0 || count == -Int64(ECONNRESET) { return nil }
        try check(count, "recvmsg")
        return (bytes, numbers.prefix(Int(came)).map { SharedFD(OwnedFD(owning: $0)) })
    }

    /// Nothing more is sent or received, but what was sent before arrives.
    package func shutDown() { _ = clinux_shutdown(fd.raw) }

    /// Who is at the other end of a connection (SO_PEERCRED); nil where the kernel does not know.
    package var peer: (pid: Int32, uid: UInt32)? {
        var pid: Int32 = 0
        var uid: UInt32 = 0
        return clinux_peer(fd.raw, &pid, &uid) == 0 ? (pid, uid) : nil
    }
}

/// A SOCK_SEQPACKET socket that listens at a path.
package struct PacketListener: ~Copyable, Sendable {
    private let fd: OwnedFD
    private let sendSeconds: Int32

    package var descriptor: Int32 { fd.raw }

    /// - Parameters:
    ///   - path: where nothing is. - sendSeconds: how long a send over an accepted connection may wait for room.
    ///   - blocks: whether who accepts waits for somebody.
    package init(
        path: String, backlog: Int32, sendSeconds: Int32, blocks: Bool = false
    ) throws(KernelError) {
        let raw = clinux_packet_listen(path, backlog, blocks ? 1 : 0)
        fd = OwnedFD(owning: try check(raw, "listen", subject: path))
        self.sendSeconds = sendSeconds
    }

    /// - Returns: nil when nobody waits.
    package func accept() throws(KernelError) -> PacketSocket? {
        let raw = clinux_packet_accept(fd.raw, sendSeconds)
        if raw == -EAGAIN { return nil }
        return PacketSocket(accepted: OwnedFD(owning: try check(raw, "accept4")))
    }
}
