internal import Glibc

/// Standard output of this process.
enum StandardOutput {
    /// Nobody reads any more, as behind `| head -1`: the end of the command, and nothing to tell anybody.
    struct Closed: Error {
        /// As of a program that SIGPIPE ended.
        static let status: Int32 = 128 + SIGPIPE
    }

    /// - Throws: `Closed`, or `ToolFailure` with the reason.
    @Sendable static func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(1, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EPIPE { throw Closed() }
            if count < 0, errno == EAGAIN {
                var ready = pollfd(fd: 1, events: Int16(POLLOUT), revents: 0)
                poll(&ready, 1, -1)
                continue
            }
            guard count > 0 else {
                throw ToolFailure("standard output cannot be written: \(String(cString: strerror(errno)))")
            }
            rest = rest.dropFirst(count)
        }
    }
}
