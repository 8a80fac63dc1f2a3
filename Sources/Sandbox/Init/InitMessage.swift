package import LinuxSystem

/// Messages to torpor-init.
package enum InitMessage {
    /// The id under which the main process is known.
    package static let mainProcess: UInt32 = 0

    /// Sends a head and a body, in as many packets as it takes. The descriptors stay the caller's.
    package static func send(
        _ kind: PlanFormat.Kind, id: UInt32, value: UInt32 = 0, body: [UInt8] = [],
        descriptors: [Int32] = [], over socket: borrowing PacketSocket
    ) throws(KernelError) {
        let head = [kind.rawValue, id, UInt32(body.count), value]
        var first: [UInt8] = []
        first.reserveCapacity(PlanFormat.messageBytes + body.count)
        for word in head { withUnsafeBytes(of: word) { first.append(contentsOf: $0) } }
        let fits = min(body.count, PlanFormat.packetBytes - PlanFormat.messageBytes)
        first.append(contentsOf: body[..<fits])
        try sendPacket(first, descriptors: descriptors, over: socket)
        var sent = fits
        while sent < body.count {
            let end = min(sent + PlanFormat.packetBytes, body.count)
            try sendPacket(Array(body[sent..<end]), descriptors: [], over: socket)
            sent = end
        }
    }

    private static func sendPacket(
        _ bytes: [UInt8], descriptors: [Int32], over socket: borrowing PacketSocket
    ) throws(KernelError) {
        var failure: KernelError?
        bytes.withUnsafeBytes { raw in
            do { try socket.send(raw, descriptors: descriptors) } catch { failure = error as? KernelError }
        }
        if let failure { throw failure }
    }
}
