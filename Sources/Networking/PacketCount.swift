internal import LinuxSystem

/// How many packets a device has sent (proc(5), `/proc/net/dev`).
package enum PacketCount {
    /// - Returns: nil when the text has no such device, or is not what the kernel writes.
    package static func sent(by device: String, in text: String) -> UInt64? {
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].drop(while: { $0 == " " }) == device[...] else { continue }
            // Eight fields of what was received; of what was sent, bytes come first.
            let fields = parts[1].split(separator: " ", maxSplits: 10)
            return fields.count > 9 ? UInt64(fields[9]) : nil
        }
        return nil
    }

    /// In the calling thread's network namespace.
    static func sentByThread(device: String) -> UInt64? {
        (try? File.text("/proc/thread-self/net/dev")).flatMap { sent(by: device, in: $0) }
    }
}
