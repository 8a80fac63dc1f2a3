internal import CLinux

/// File descriptor 2, unbuffered.
package enum StandardError {
    /// Where it is a socket, such as the journal's, and without waiting: what it has no room for is lost.
    /// - Returns: whether it took the text.
    package static func sendNow(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { clinux_send_now(2, $0.baseAddress, $0.count) } >= 0
    }

    package static func write(_ text: String) {
        var text = text
        // Nobody is left to tell when stderr itself is gone.
        _ = text.withUTF8 { clinux_write(2, $0.baseAddress, $0.count) }
    }
}
