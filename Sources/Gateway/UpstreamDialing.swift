package import Core
package import LinuxSystem

/// Makes the sockets that reach instances. `Daemon` implements it with the slots' namespaces.
package protocol UpstreamDialing: Sendable {
    /// A non-blocking TCP socket, made inside the slot, whose connection to loopback and `port` has begun or is
    /// already there. Called on event loops: it must not block.
    func dial(slot: SlotID, port: UInt16) throws(KernelError) -> OwnedFD
}
