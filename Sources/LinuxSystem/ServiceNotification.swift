internal import CLinux

/// Messages to the service manager (sd_notify(3)): a datagram to the socket that `$NOTIFY_SOCKET` names.
package struct ServiceNotification: Sendable {
    private let socket: String?

    /// - Parameter socket: the value of `$NOTIFY_SOCKET`; nil or empty when no manager listens.
    package init(socket: String?) {
        self.socket = socket.flatMap { $0.isEmpty ? nil : $0 }
    }

    package func ready(status: String) throws(KernelError) {
        try send("READY=1\nSTATUS=\(Self.oneLine(status))")
    }
    package func stopping() throws(KernelError) { try send("STOPPING=1\nSTATUS=stopping") }
    /// `ready` says when it is over, well or not.
    package func reloading() throws(KernelError) {
        try send("RELOADING=1\nMONOTONIC_USEC=\(KernelClock.monotonic() / 1000)")
    }
    package func watchdog() throws(KernelError) { try send("WATCHDOG=1") }

    private static func oneLine(_ text: String) -> String {
        String(text.map { $0.isNewline ? " " : $0 })
    }

    private func send(_ text: String) throws(KernelError) {
        guard let socket else { return }
        var text = text
        try check(
            text.withUTF8 { clinux_send_datagram(socket, $0.baseAddress, $0.count) }, "sendto",
            subject: socket)
    }
}
