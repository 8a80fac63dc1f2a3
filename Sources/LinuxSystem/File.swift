internal import CLinux
internal import Glibc

/// Small files: cgroupfs, procfs, sysfs, configuration. Whole reads and writes, by path or relative to a directory.
package enum File {
    /// Descriptor number that stands for the current directory in `…at` calls (AT_FDCWD).
    package static let currentDirectory: Int32 = -100

    /// O_PATH, which Swift's Glibc hides: the name is opened, and nothing of what it names.
    package static let pathOnly: Int32 = 0o10000000

    package static func open(
        _ path: String, at directory: Int32 = currentDirectory, flags: Int32, mode: UInt32 = 0
    ) throws(KernelError) -> OwnedFD {
        OwnedFD(owning: try check(clinux_openat(directory, path, flags, mode), "open", subject: path))
    }

    /// - Parameter limit: bytes at most; a longer file is EFBIG.
    package static func read(
        _ path: String, at directory: Int32 = currentDirectory, limit: Int = 1 << 20
    ) throws(KernelError) -> [UInt8] {
        let fd = try open(path, at: directory, flags: O_RDONLY)
        return try readAll(fd.raw, limit: limit, subject: path)
    }

    package static func readAll(_ fd: Int32, limit: Int, subject: String) throws(KernelError) -> [UInt8] {
        var content: [UInt8] = []
        let step = 16 << 10
        while true {
            let start = content.count
            content.append(contentsOf: repeatElement(0, count: step))
            let result = content.withUnsafeMutableBytes { buffer in
                clinux_read(fd, buffer.baseAddress.map { $0 + start }, step)
            }
            let count = Int(try check(result, "read", subject: subject))
            content.removeLast(step - count)
            if count == 0 { return content }
            if content.count > limit { throw KernelError("read", subject: subject, code: EFBIG) }
        }
    }

    /// Bytes of a place in a file, fewer at its end.
    package static func read(_ fd: borrowing OwnedFD, at offset: Int, count: Int) throws(KernelError)
        -> [UInt8]
    {
        var content = [UInt8](repeating: 0, count: count)
        let read = clinux_pread(fd.raw, &content, count, Int64(offset))
        content.removeLast(count - Int(try check(read, "read")))
        return content
    }

    package static func text(_ path: String, at directory: Int32 = currentDirectory) throws(KernelError)
        -> String
    {
        String(decoding: try read(path, at: directory), as: UTF8.self)
    }

    /// One write(2), as far as it goes.
    @discardableResult
    package static func write(_ bytes: [UInt8], to fd: Int32) throws(KernelError) -> Int {
        Int(try check(clinux_write(fd, bytes, bytes.count), "write"))
    }

    /// Writes to a file that exists, in one write(2), as kernel interfaces want it.
    package static func write(
        _ text: String, to path: String, at directory: Int32 = currentDirectory
    ) throws(KernelError) {
        let fd = try open(path, at: directory, flags: O_WRONLY)
        var text = text
        let result = text.withUTF8 { clinux_write(fd.raw, $0.baseAddress, $0.count) }
        try check(result, "write", subject: path)
    }
}
