internal import CLinux
internal import Glibc

/// An open file whose content and attributes are read, or written when it was just created.
package struct ContentFile: ~Copyable, Sendable {
    private let fd: OwnedFD

    init(_ fd: consuming OwnedFD) { self.fd = fd }

    package borrowing func status() throws(KernelError) -> FileStatus {
        try FileStatus.of(FileName(""), at: fd.raw)
    }

    /// - Returns: bytes read, 0 at the end.
    package borrowing func read(into buffer: inout [UInt8], at offset: Int64) throws(KernelError) -> Int {
        Int(try check(clinux_pread(fd.raw, &buffer, buffer.count, offset), "read"))
    }

    /// - Throws: EFBIG when there is more.
    package borrowing func readAll(limit: Int) throws(KernelError) -> [UInt8] {
        try File.readAll(fd.raw, limit: limit, subject: "")
    }

    package borrowing func setOwner(user: UInt32, group: UInt32) throws(KernelError) {
        try check(clinux_chownat(fd.raw, "", user, group), "chown")
    }

    package borrowing func setMode(_ mode: UInt32) throws(KernelError) {
        try check(clinux_chmodat(fd.raw, "", mode), "chmod")
    }

    package borrowing func setTime(_ time: FileStatus.Time) throws(KernelError) {
        try check(clinux_set_times(fd.raw, "", time.seconds, time.nanoseconds), "utimensat")
    }

    // MARK: extended attributes (xattr(7))

    /// Names in their order; none where the file system has no such attributes.
    package borrowing func attributeNames() throws(KernelError) -> [FileName] {
        var buffer = [CChar](repeating: 0, count: 64 << 10)
        let count = clinux_attribute_names(fd.raw, &buffer, buffer.count)
        if count == -Int64(EOPNOTSUPP) { return [] }
        let length = Int(try check(count, "flistxattr"))
        let bytes = buffer[0..<length].map(UInt8.init(bitPattern:))
        return bytes.split(separator: 0).map { FileName(bytes: Array($0)) }.sorted()
    }

    package borrowing func attribute(_ name: FileName) throws(KernelError) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = name.withCString { clinux_attribute(fd.raw, $0, &buffer, buffer.count) }
        return Array(buffer[0..<Int(try check(count, "fgetxattr", subject: "\(name)"))])
    }

    package borrowing func setAttribute(_ name: FileName, _ value: [UInt8]) throws(KernelError) {
        let result = name.withCString { clinux_set_attribute(fd.raw, $0, value, value.count) }
        try check(result, "fsetxattr", subject: "\(name)")
    }

    // MARK: copying

    /// A failure to copy, and whose fault it is.
    package enum CopyFailure: Error { case reading(KernelError), writing(KernelError) }

    /// Takes over the whole content of `source` into this file, which is empty: shared where the file system can
    /// (FICLONE), else copied in the kernel, else through memory. Holes stay holes.
    /// - Parameter size: how much of it; a source that grows meanwhile is not followed.
    package borrowing func copyContent(of source: borrowing ContentFile, size: Int64) throws(CopyFailure) {
        if size > 0, clinux_clone_content(fd.raw, source.fd.raw) == 0 { return }
        do {
            try check(clinux_truncate(fd.raw, size), "ftruncate")
        } catch {
            throw .writing(error)
        }
        var offset: Int64 = 0
        while offset < size, let data = try source.nextData(from: offset, size: size) {
            try copy(data, of: source)
            offset = data.upperBound
        }
    }

    private borrowing func nextData(from offset: Int64, size: Int64) throws(CopyFailure) -> Range<Int64>? {
        let start = clinux_next_data(fd.raw, offset)
        if start == -Int64(ENXIO) { return nil }
        // A file system without SEEK_DATA has no holes.
        if start < 0 { return offset..<size }
        if start >= size { return nil }
        let end = clinux_next_hole(fd.raw, start)
        return start..<(end > start ? min(end, size) : size)
    }

    private borrowing func copy(_ range: Range<Int64>, of source: borrowing ContentFile) throws(CopyFailure) {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let count = Int(min(range.upperBound - offset, 1 << 30))
            let copied = clinux_copy_range(source.fd.raw, fd.raw, offset, count)
            // 0: the source became shorter. An error: not between these two, or a full disk, which writing tells.
            if copied <= 0 { return try copyThroughMemory(offset..<range.upperBound, of: source) }
            offset += copied
        }
    }

    private borrowing func copyThroughMemory(_ range: Range<Int64>, of source: borrowing ContentFile)
        throws(CopyFailure)
    {
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        var offset = range.lowerBound
        while offset < range.upperBound {
            let wanted = Int(min(range.upperBound - offset, Int64(buffer.count)))
            let count: Int
            do {
                count = min(try source.read(into: &buffer, at: offset), wanted)
            } catch {
                throw .reading(error)
            }
            if count == 0 { return }
            do {
                try write(buffer[0..<count], at: offset)
            } catch {
                throw .writing(error)
            }
            offset += Int64(count)
        }
    }

    package borrowing func write(_ bytes: ArraySlice<UInt8>, at offset: Int64) throws(KernelError) {
        var written = 0
        while written < bytes.count {
            let result = bytes.withUnsafeBytes { buffer in
                clinux_pwrite(
                    fd.raw, buffer.baseAddress.map { $0 + written }, buffer.count - written,
                    offset + Int64(written))
            }
            written += Int(try check(result, "write"))
        }
    }
}
