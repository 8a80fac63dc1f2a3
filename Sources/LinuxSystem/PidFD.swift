internal import CLinux

/// A process held by descriptor (pidfd_open(2)): it stays the same one when its number is used again.
package struct PidFD: ~Copyable, Sendable {
    private let fd: OwnedFD

    package init(owning fd: consuming OwnedFD) { self.fd = fd }

    /// - Parameter process: must be known to be the one that is meant, as an own child that is not reaped is.
    /// - Throws: `KernelError` with ESRCH when there is none.
    package init(process: Int32) throws(KernelError) {
        fd = OwnedFD(
            owning: try check(clinux_pidfd_open(process), "pidfd_open", subject: "\(process)"))
    }

    /// For waiting together with other descriptors: readable once the process has ended.
    package var descriptor: Int32 { fd.raw }

    /// - Throws: `KernelError` with ESRCH when the process is gone.
    package func send(signal: Int32) throws(KernelError) {
        try check(clinux_pidfd_signal(fd.raw, signal), "pidfd_send_signal")
    }

    /// Takes the end of an own child without waiting for it.
    /// - Returns: the wait status, or nil while the process runs.
    package func reap() throws(KernelError) -> Int32? {
        var status: Int32 = 0
        return try check(clinux_pidfd_reap(fd.raw, &status), "waitid(P_PIDFD)") == 1 ? status : nil
    }
}
