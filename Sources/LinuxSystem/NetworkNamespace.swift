internal import CLinux

/// Network namespaces (network_namespaces(7)), entered by the calling thread alone and always left again.
///
/// Needs CAP_SYS_ADMIN in the user namespace that owns them, and /proc.
package enum NetworkNamespace {
    /// The calling thread's namespace.
    package static func current() throws(KernelError) -> SharedFD {
        SharedFD(OwnedFD(owning: try check(clinux_netns_open(), "open", subject: "/proc/thread-self/ns/net")))
    }

    /// Makes a namespace, with its loopback device down, and returns to `host`.
    package static func create(host: SharedFD) throws(KernelError) -> SharedFD {
        try check(clinux_netns_unshare(), "unshare(CLONE_NEWNET)")
        defer { comeBack(to: host) }
        return try current()
    }

    /// Runs `body` on this thread inside `namespace`. The body must not suspend, nor make other threads.
    package static func inside<Result>(
        _ namespace: SharedFD, host: SharedFD, _ body: () throws -> Result
    ) throws -> Result {
        try check(clinux_netns_enter(namespace.raw), "setns(CLONE_NEWNET)")
        defer { comeBack(to: host) }
        return try body()
    }

    /// Moves the calling thread into a namespace: for a thread of one's own, at its start.
    package static func enterForGood(_ namespace: SharedFD) throws(KernelError) {
        try check(clinux_netns_enter(namespace.raw), "setns(CLONE_NEWNET)")
    }

    /// A thread that cannot leave a slot would run everything after in there: it must not go on.
    private static func comeBack(to host: SharedFD) {
        let result = clinux_netns_enter(host.raw)
        precondition(
            result == 0,
            "a thread could not return from a network namespace: \(KernelError.text(of: -result))")
    }

    /// IFF_UP for a device of the calling thread's namespace.
    package static func bringUp(_ device: String) throws(KernelError) {
        try check(clinux_link_up(device), "SIOCSIFFLAGS", subject: device)
    }

    /// Destroys every TCP socket of the calling thread's namespace, whatever its state and owner; reads and
    /// writes on them fail with ECONNABORTED. Returns how many there were.
    package static func destroySockets() throws(KernelError) -> Int {
        Int(try check(clinux_destroy_sockets(), "SOCK_DESTROY"))
    }
}
