internal import CLinux

/// File descriptor 2, unbuffered.
package enum StandardError {
    package static func write(_ text: String) {
        var text = text
        // Nobody is left to tell when stderr itself is gone.
        _ = text.withUTF8 { clinux_write(2, $0.baseAddress, $0.count) }
    }
}
