internal import CLinux
internal import Glibc

/// Taking connections from a listening socket that does not block.
package enum StreamListener {
    /// The connection blocks, and is close-on-exec from its first moment.
    /// - Returns: nil when nobody waits any more: who was there when somebody looked may have gone.
    package static func accept(_ listener: SharedFD) throws(KernelError) -> SharedFD? {
        let raw = clinux_accept(listener.raw)
        if raw == -EAGAIN { return nil }
        return SharedFD(OwnedFD(owning: try check(raw, "accept4")))
    }
}
