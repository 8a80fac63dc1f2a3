internal import Core
internal import Gateway
internal import LinuxSystem

/// Makes the gateway's sockets inside the slots.
struct SlotDialer: UpstreamDialing {
    let slots: any SlotNamespaces
    let host: SharedFD

    func dial(slot: SlotID, port: UInt16) throws(KernelError) -> OwnedFD {
        guard let namespace = slots.namespace(ofSlot: slot.number) else {
            throw .gone("dial", subject: "slot \(slot)")
        }
        return try LoopbackSocket.connect(inside: namespace, host: host, port: port).release()
    }
}
