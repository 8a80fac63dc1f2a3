internal import LinuxSystem

/// A message to torpor-init that fits into one packet, so that it can be sent without waiting.
struct InitPacket: Sendable {
    let bytes: [UInt8]
    /// Kept while the message waits; the caller's own are lent for the call only.
    private(set) var kept: [SharedFD] = []
    private let lent: [Int32]

    init(_ kind: PlanFormat.Kind, id: UInt32, value: UInt32, body: [UInt8] = [], lending: [Int32] = []) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(PlanFormat.messageBytes + body.count)
        for word in [kind.rawValue, id, UInt32(body.count), value] {
            withUnsafeBytes(of: word) { bytes.append(contentsOf: $0) }
        }
        self.bytes = bytes + body
        lent = lending
    }

    /// Whether it was sent: it may not be while the socket has no room.
    func send(over socket: borrowing PacketSocket) throws(KernelError) -> Bool {
        try socket.sendNow(bytes, descriptors: kept.isEmpty ? lent : kept.map(\.raw))
    }

    /// Makes the descriptors its own, so that it may be sent when the call has returned.
    mutating func keep() throws(KernelError) {
        for descriptor in lent { kept.append(SharedFD(try OwnedFD(duplicating: descriptor))) }
    }
}
