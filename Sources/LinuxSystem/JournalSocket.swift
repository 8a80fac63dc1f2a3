internal import CLinux
internal import Glibc
internal import Synchronization

/// systemd's journal by its native protocol, whose entries have fields that can be asked for
/// (https://systemd.io/JOURNAL_NATIVE_PROTOCOL). Sending never waits: what a journal that stands still has no room for is
/// counted and forgotten.
package final class JournalSocket: Sendable {
    package static let usual = "/run/systemd/journal/socket"

    private struct State: ~Copyable {
        var connection: OwnedFD?
        /// Entries that were lost since somebody was told.
        var untold: UInt64 = 0
    }

    private let path: String
    private let state = Mutex(State(connection: nil))
    private let lost = Atomic<UInt64>(0)

    package init(path: String) { self.path = path }

    /// Entries that were lost since the start.
    package var lostCount: UInt64 { lost.load(ordering: .relaxed) }

    /// Entries that were lost since this was last asked.
    package func takeUntold() -> UInt64 {
        state.withLock { state in
            defer { state.untold = 0 }
            return state.untold
        }
    }

    /// Whether standard error is what `$JOURNAL_STREAM` names, as `DEVICE:INODE`; it is not where somebody has redirected it.
    package static func isStandardError(_ stream: String?) -> Bool {
        var status = stat()
        guard let stream, fstat(2, &status) == 0 else { return false }
        return stream == "\(status.st_dev):\(status.st_ino)"
    }

    /// Makes them untold again: who was to be told was not.
    package func putBack(_ count: UInt64) { state.withLock { $0.untold += count } }

    /// One entry. Names of fields are upper-case letters, digits and underscores. A journal that was started anew is connected
    /// to again.
    /// - Returns: false when there is no room, and the entry is lost.
    /// - Throws: where nobody listens, or the entry is larger than a datagram may be.
    package func send(_ fields: [(name: String, value: String)]) throws(KernelError) -> Bool {
        let entry = Self.entry(fields)
        let sent = state.withLock { state in Self.send(entry, path, &state) }
        if sent == -Int64(EAGAIN) {
            lose()
            return false
        }
        try check(sent, "send", subject: path)
        return true
    }

    /// Counts an entry that found no other way either.
    package func lose() {
        lost.wrappingAdd(1, ordering: .relaxed)
        state.withLock { $0.untold += 1 }
    }

    private static func send(_ entry: [UInt8], _ path: String, _ state: inout State) -> Int64 {
        if let fd = state.connection?.raw {
            let sent = clinux_send_now(fd, entry, entry.count)
            // The one at the other end is gone (ECONNREFUSED); another may have its name.
            guard sent == -Int64(ECONNREFUSED) || sent == -Int64(ENOTCONN) else { return sent }
            state.connection = nil
        }
        let raw = clinux_datagram_connect(path)
        guard raw >= 0 else { return Int64(raw) }
        state.connection = OwnedFD(owning: raw)
        return clinux_send_now(raw, entry, entry.count)
    }

    private static func entry(_ fields: [(name: String, value: String)]) -> [UInt8] {
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
        return entry
    }
}
