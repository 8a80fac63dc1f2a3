import Foundation
import Glibc

/// The service manager's end of sd_notify(3).
final class NotifySocket {
    let path: String
    private let fd: Int32

    init() throws {
        path = Scratch.path("notify")
        fd = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = path
        withUnsafeMutableBytes(of: &address.sun_path) {
            $0.copyBytes(from: Array(path.utf8).prefix($0.count - 1))
        }
        let bound = withUnsafeBytes(of: &address) {
            bind(fd, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t($0.count))
        }
        guard bound == 0 else { throw TestFailure("bind \(path): \(String(cString: strerror(errno)))") }
    }

    deinit {
        close(fd)
        unlink(path)
    }

    /// Messages that have come, each as its lines.
    func received() -> [[String]] {
        var messages: [[String]] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(fd, &buffer, buffer.count, 0)
            guard count > 0 else { return messages }
            messages.append(
                String(decoding: buffer[0..<count], as: UTF8.self).split(separator: "\n").map(String.init))
        }
    }
}
