internal import CLinux

/// Messages to the service manager (sd_notify(3)): a datagram to the socket that `$NOTIFY_SOCKET` names.
package struct ServiceNotification: Sendable {
    private let socket: String?

    /// - Parameter socket: the value of `$NOTIFY_SOCKET`; nil or empty when no manager listens.
    package init(socket: String?) {
        self.socket = socket.flatMap { $0.isEmpty ? nil : $0 }
    }

    package func ready(status: String) throws(KernelError) { try send("READY=1\nSTATUS=\(status)") }
    package func stopping() throws(KernelError) { try send("STOPPING=1") }

    private func send(_ text: String) throws(KernelError) {
        guard let socket else { return }
        var text = text
        try check(
            text.withUTF8 { clinux_send_datagram(socket, $0.baseAddress, $0.count) }, "sendto",
            subject: socket)
    }
}
