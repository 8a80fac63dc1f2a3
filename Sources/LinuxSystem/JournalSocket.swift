internal import CLinux
internal import Glibc

/// systemd's journal by its native protocol, whose entries have fields that can be asked for
/// (https://systemd.io/JOURNAL_NATIVE_PROTOCOL).
package struct JournalSocket: Sendable {
    package static let usual = "/run/systemd/journal/socket"
    private let path: String

    package init(path: String) { self.path = path }

    /// Whether standard error is what `$JOURNAL_STREAM` names, as `DEVICE:INODE`; it is not where somebody has redirected it.
    package static func isStandardError(_ stream: String?) -> Bool {
        var status = stat()
        guard let stream, fstat(2, &status) == 0 else { return false }
        return stream == "\(status.st_dev):\(status.st_ino)"
    }

    /// One entry. Names of fields are upper-case letters, digits and underscores.
    /// - Throws: where nobody listens, or the entry is larger than a datagram may be.
    package func send(_ fields: [(name: String, value: String)]) throws(KernelError) {
        var entry: [UInt8] = []
        for (name, value) in fields {
            entry += name.utf8
            if value.contains(where: \.isNewline) {
                entry.append(10)
                withUnsafeBytes(of: UInt64(value.utf8.count).littleEndian) { entry += $0 }
            } else {
                entry.append(UInt8(ascii: "="))
            }
            entry += value.utf8
            entry.append(10)
        }
        try check(clinux_send_datagram(path, entry, entry.count), "sendto", subject: path)
    }
}
