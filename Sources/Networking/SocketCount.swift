internal import LinuxSystem

/// How many TCP sockets a network namespace has (proc(5), `/proc/net/sockstat` and `sockstat6`).
package struct SocketCount: Sendable, Equatable {
    /// Listening, connected and orphaned ones, of IPv4 and IPv6, and those in TIME_WAIT.
    package let inUse: Int
    package let timeWait: Int
    package var isZero: Bool { inUse == 0 && timeWait == 0 }

    /// - Returns: nil when the texts are not what the kernel writes; the second is empty without IPv6.
    package init?(sockstat: String, sockstat6: String) {
        guard let four = Self.fields(of: "TCP:", in: sockstat), let inUse = four["inuse"],
            let timeWait = four["tw"]
        else { return nil }
        let six = Self.fields(of: "TCP6:", in: sockstat6)
        self.inUse = inUse + (six?["inuse"] ?? 0)
        self.timeWait = timeWait
    }

    /// Of the calling thread's namespace.
    static func ofThread() -> SocketCount? {
        guard let four = try? File.text("/proc/thread-self/net/sockstat") else { return nil }
        let six = (try? File.text("/proc/thread-self/net/sockstat6")) ?? ""
        return SocketCount(sockstat: four, sockstat6: six)
    }

    private static func fields(of name: String, in text: String) -> [Substring: Int]? {
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else { return nil }
        let words = line.split(separator: " ").dropFirst()
        var fields: [Substring: Int] = [:]
        for (key, value) in zip(words, words.dropFirst()) {
            if let value = Int(value) { fields[key] = value }
        }
        return fields
    }
}
