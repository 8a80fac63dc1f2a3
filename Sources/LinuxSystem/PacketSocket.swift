internal import CLinux
internal import Glibc

/// One end of an AF_UNIX SOCK_SEQPACKET pair: whole packets, in order, with descriptors.
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
}
