internal import CLinux
internal import Core
internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// What a hook reads and says. The state is in a file of memory, so that one which does not read it stops nobody; what is
/// said on standard output and error goes through one pipe, and its end is kept.
package final class HookStreams: Sendable {
    private let input: OwnedFD
    private let reading: SharedFD
    private let writing: Mutex<SharedFD?>
    private let kept = Mutex<[UInt8]>([])

    init(input bytes: [UInt8]) throws(KernelError) {
        input = OwnedFD(owning: try check(clinux_memfd("state", 0), "memfd_create"))
        var rest = bytes[...]
        while !rest.isEmpty { rest = rest.dropFirst(try File.write(Array(rest), to: input.raw)) }
        try check(clinux_seek(input.raw, 0, 0), "lseek")
        let pipe = try SharedPipe()
        try check(clinux_set_nonblocking(pipe.reading.raw), "fcntl")
        reading = pipe.reading
        writing = Mutex(pipe.writing)
    }

    /// What becomes 0, and what becomes 1 and 2. Lent.
    package var descriptors: (input: Int32, output: Int32) {
        (input.raw, writing.withLock { $0?.raw } ?? -1)
    }

    /// Once the hook has its own copy.
    func closeOutput() { writing.withLock { $0 = nil } }

    var readable: Int32 { reading.raw }

    /// Takes what is there. - Returns: whether there may be more later.
    func collect() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = clinux_read(reading.raw, &buffer, buffer.count)
            if count == -Int64(EAGAIN) { return true }
            guard count > 0 else { return false }
            kept.withLock { $0 = Array(($0 + buffer.prefix(Int(count))).suffix(Limits.hookMessageBytes)) }
        }
    }

    /// The end of what it said, in one line.
    var said: String {
        let text = String(decoding: kept.withLock { $0 }, as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).joined(separator: "; ")
    }
}
