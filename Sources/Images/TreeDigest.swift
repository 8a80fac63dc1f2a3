internal import Core
internal import Crypto
internal import LinuxSystem

/// Sums up a tree: one record per entry, in the order of the walk, each field with its length, so that no two trees
/// give the same stream.
struct TreeDigest {
    enum Mark: UInt8 { case regular = 1, directory, link, fifo, hardLink, endOfDirectory }

    private var hash = SHA256()

    /// Version of this stream; another form of it must give other digests.
    init() { add(Array("torpor tree 1".utf8)) }

    mutating func addEntry(_ mark: Mark, path: FileName, mode: UInt32, user: UInt32, group: UInt32) {
        hash.update(data: [mark.rawValue])
        add(path.bytes)
        add(UInt64(mode))
        add(UInt64(user))
        add(UInt64(group))
    }

    mutating func endDirectory() { hash.update(data: [Mark.endOfDirectory.rawValue]) }

    mutating func add(_ bytes: [UInt8]) {
        add(UInt64(bytes.count))
        hash.update(data: bytes)
    }

    mutating func add(_ number: UInt64) {
        hash.update(data: (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) })
    }

    func finish() -> ContentDigest {
        ContentDigest(trusted: "sha256:" + Hexadecimal.text(hash.finalize()))
    }
}

/// The sum of one file's content.
struct ContentHash {
    private var hash = SHA256()

    /// Reads the file from its beginning.
    static func of(
        _ file: borrowing ContentFile, buffer: inout [UInt8]
    ) throws(KernelError) -> (size: Int64, sum: [UInt8]) {
        var content = ContentHash()
        var offset: Int64 = 0
        while case let count = try file.read(into: &buffer, at: offset), count > 0 {
            buffer.withUnsafeBytes {
                content.hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<count]))
            }
            offset += Int64(count)
        }
        return (offset, Array(content.hash.finalize()))
    }
}
