internal import CLinux
internal import Core
internal import Glibc
internal import LinuxSystem

/// The log of one instance that is being written: whole entries only, rotated within a limit. A disk that is full
/// costs lines, which are counted and told once there is room again; it never fails.
final class LogFile {
    private let place: LogPlace
    private var file: SharedFD?
    private var size = 0
    private var lostLines = 0
    private var lostReason = ""
    /// Bytes of one file.
    private let limit: Int
    private var isClosed = false

    init(place: LogPlace, limit: Int = Limits.logFileBytes) {
        self.place = place
        self.limit = limit
    }

    /// Appends entries that are complete. - Parameter lines: how many, for the count of what is lost.
    func write(_ entries: [UInt8], lines: Int, time: [UInt8]) {
        if isClosed { return }
        var output = entries
        if lostLines > 0 {
            var marker: [UInt8] = []
            let text = Array("\(lostLines) lines lost: \(lostReason)".utf8)
            text.withUnsafeBytes {
                LogEntry.append(to: &marker, time: time, stream: .torpor, text: $0, continues: false)
            }
            output = marker + entries
        }
        do {
            try append(output)
            lostLines = 0
        } catch {
            lostLines += lines
            lostReason = "\(error)"
        }
    }

    /// The log is forgotten: nothing more is written.
    func close() {
        file = nil
        isClosed = true
    }

    private func append(_ bytes: [UInt8]) throws(KernelError) {
        if size + bytes.count > limit, size > 0 {
            file = nil
            place.rotate()
        }
        let file = try opened()
        var offset = 0
        while offset < bytes.count {
            let result = bytes.withUnsafeBytes { buffer in
                clinux_write(file.raw, buffer.baseAddress.map { $0 + offset }, bytes.count - offset)
            }
            if result <= 0 {
                // Take back what was written of it, so that no entry is cut.
                if offset > 0 { _ = ftruncate(file.raw, size) }
                throw KernelError("write", subject: place.path(0), code: result < 0 ? Int32(-result) : ENOSPC)
            }
            offset += Int(result)
        }
        size += bytes.count
    }

    private func opened() throws(KernelError) -> SharedFD {
        if let file { return file }
        let flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW
        let opened = SharedFD(try File.open(place.path(0), flags: flags, mode: 0o640))
        var status = stat()
        size = fstat(opened.raw, &status) == 0 ? Int(status.st_size) : 0
        file = opened
        return opened
    }
}
