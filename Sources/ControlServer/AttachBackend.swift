package import ControlAPI
package import LinuxSystem

/// What the attach socket can ask of the daemon.
package protocol AttachBackend: Sendable {
    /// - Parameter ended: called at most once, on any thread, also before this returns; not after `hangUp`'s work is done.
    func attach(
        _ request: AttachRequest, ended: @escaping @Sendable (AttachEnd) -> Void
    ) async throws(ControlError) -> any AttachedSession
}

/// Somebody inside of an instance. No call waits.
package protocol AttachedSession: Sendable {
    var reply: AttachReply { get }
    /// The client's ends of it, once; nobody else has them then.
    func takeDescriptors() -> [SharedFD]
    func signal(_ number: Int32)
    /// The client has gone.
    func hangUp()
}
