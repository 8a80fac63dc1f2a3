internal import CLinux

/// A file descriptor that is closed exactly once, when the value ends. Always close-on-exec.
package struct OwnedFD: ~Copyable, Sendable {
    /// For system calls made while this value lives; never stored.
    package let raw: Int32

    /// Takes ownership of a descriptor that a system call just returned.
    package init(owning raw: Int32) {
        precondition(raw >= 0, "a descriptor is not negative")
        self.raw = raw
    }

    /// A copy of a descriptor that is another's, and stays so.
    package init(duplicating raw: Int32) throws(KernelError) {
        self.init(owning: try check(clinux_dup(raw), "fcntl(F_DUPFD_CLOEXEC)"))
    }

    deinit { _ = clinux_close(raw) }

    /// Gives the descriptor away: the caller closes it.
    package consuming func release() -> Int32 {
        let descriptor = raw
        discard self
        return descriptor
    }

    package borrowing func duplicate() throws(KernelError) -> OwnedFD {
        OwnedFD(owning: try check(clinux_dup(raw), "fcntl(F_DUPFD_CLOEXEC)"))
    }
}

/// A descriptor with several owners; closed when the last reference goes.
package final class SharedFD: Sendable {
    private let owned: OwnedFD
    package init(_ owned: consuming OwnedFD) { self.owned = owned }
    package var raw: Int32 { owned.raw }
}
