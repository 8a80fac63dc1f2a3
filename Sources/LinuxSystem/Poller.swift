internal import CLinux

/// Waits for many descriptors at once (epoll(7), level-triggered input).
package struct Poller: ~Copyable, Sendable {
    private let fd: OwnedFD

    package init() throws(KernelError) {
        fd = OwnedFD(owning: try check(clinux_epoll_create(), "epoll_create1"))
    }

    /// - Parameter token: what `wait` says when the descriptor has something, or has ended.
    package func add(_ descriptor: Int32, _ token: UInt64) throws(KernelError) {
        try check(clinux_epoll_add(fd.raw, descriptor, token), "epoll_ctl")
    }

    package func remove(_ descriptor: Int32) { _ = clinux_epoll_remove(fd.raw, descriptor) }

    /// - Parameter milliseconds: at most; negative is without limit.
    package func wait(milliseconds: Int32) -> [UInt64] {
        var tokens = [UInt64](repeating: 0, count: 64)
        let count = clinux_epoll_wait(fd.raw, &tokens, Int32(tokens.count), milliseconds)
        return Array(tokens.prefix(max(0, Int(count))))
    }
}
