internal import CLinux
internal import Core
internal import LinuxSystem

/// Where an engine waits for the master of a container's terminal.
enum ConsoleSocket {
    /// - Throws: `InvalidInput` where nobody takes it.
    static func send(_ master: SharedFD, to path: String) throws(InvalidInput) {
        do {
            let socket = OwnedFD(
                owning: try check(clinux_stream_connect(path, 10), "connect", subject: path))
            // What it is called is all there is to say, and runc says so, too.
            let name = Array("/dev/ptmx".utf8)
            try check(clinux_send(socket.raw, name, name.count, [master.raw], 1, 1), "sendmsg", subject: path)
        } catch {
            throw InvalidInput("--console-socket", "cannot be used: \(error)")
        }
    }
}
