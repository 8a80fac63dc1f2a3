internal import CLinux
internal import Glibc
internal import Synchronization

/// A program of the host's that runs beside the daemon, such as tar(1), with one pipe to or from it. Its calls block: for a
/// thread of its owner's.
package final class ToolProcess: Sendable {
    package enum Side: Sendable { case reading, writing }

    private let name: String
    private let pid: Int32
    private let errors: SharedFD
    /// Our end of the pipe; nil once it is closed.
    private let pipe: Mutex<SharedFD?>
    private let status = Mutex<Int32?>(nil)

    /// - Parameters:
    ///   - side: what we do with our end: reading its output, or writing its input.
    ///   - errorFile: takes what it says on its standard error; must not exist.
    package init(_ arguments: [String], _ side: Side, errorFile: String) throws(KernelError) {
        name = arguments.first ?? ""
        let flags: Int32 = 0o2 | 0o100 | 0o200  // O_RDWR | O_CREAT | O_EXCL
        errors = SharedFD(try File.open(errorFile, flags: flags, mode: 0o600))
        var output: OwnedFD?
        var input: OwnedFD?
        try Pipe.make(reading: &output, writing: &input)
        guard let output = output.take(), let input = input.take() else {
            preconditionFailure("pipe2 makes both ends")
        }
        let isReading = side == .reading
        let child = Self.spawn(
            arguments, input: isReading ? -1 : output.raw, output: isReading ? input.raw : -1,
            errors: errors.raw)
        pid = try check(child, "posix_spawn", subject: arguments.first ?? "")
        if isReading { pipe = Mutex(SharedFD(output)) } else { pipe = Mutex(SharedFD(input)) }
    }

    /// - Returns: its pid, or -errno. A descriptor of -1 is /dev/null.
    static func spawn(_ arguments: [String], input: Int32, output: Int32, errors: Int32) -> Int32 {
        // SAFETY: the copies live until the call has returned, and the list ends with nil.
        let copies = arguments.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        let list = copies.map { UnsafePointer($0) } + [nil]
        return list.withUnsafeBufferPointer { clinux_spawn_tool($0.baseAddress, input, output, errors) }
    }

    /// The next bytes of its output; none at its end.
    package func read(limit: Int) throws(KernelError) -> [UInt8] {
        guard let pipe = pipe.withLock({ $0 }) else { return [] }
        var buffer = [UInt8](repeating: 0, count: limit)
        let count = Int(try check(clinux_read(pipe.raw, &buffer, limit), "read", subject: name))
        buffer.removeLast(limit - count)
        return buffer
    }

    /// - Throws: EPIPE when it reads no more.
    package func write(_ bytes: ArraySlice<UInt8>) throws(KernelError) {
        guard let pipe = pipe.withLock({ $0 }) else { return }
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { clinux_write(pipe.raw, $0.baseAddress, $0.count) }
            rest = rest.dropFirst(Int(try check(count, "write", subject: name)))
        }
    }

    /// Closes our end and waits for its end.
    /// - Returns: its exit status, or 128 and the signal's number.
    @discardableResult
    package func finish() -> Int32 {
        pipe.withLock { $0 = nil }
        return status.withLock { status in
            let known = status ?? clinux_wait_tool(pid)
            status = known
            return known
        }
    }

    package func kill() {
        // Whoever has ended keeps its number until `finish`.
        status.withLock { if $0 == nil { _ = clinux_kill_tool(pid) } }
        finish()
    }

    /// What it has said on its standard error, in one line.
    package var complaint: String {
        _ = clinux_seek(errors.raw, 0, 0)
        let said = (try? File.readAll(errors.raw, limit: 64 << 10, subject: name)) ?? []
        let lines = String(decoding: said, as: UTF8.self).split(separator: "\n")
        return lines.prefix(3).joined(separator: "; ")
    }
}
