/// The name of a file, or a path of such names: bytes without NUL, which need not be UTF-8.
package struct FileName: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let bytes: [UInt8]

    package init(_ text: String) { bytes = Array(text.utf8) }
    package init(bytes: [UInt8]) { self.bytes = bytes }

    /// For people: what is not UTF-8 is replaced.
    package var description: String { String(decoding: bytes, as: UTF8.self) }
    package var isEmpty: Bool { bytes.isEmpty }

    /// In the order of the bytes, the same on every host.
    package static func < (a: Self, b: Self) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }

    package func appending(_ name: FileName) -> FileName {
        FileName(bytes: isEmpty ? name.bytes : bytes + [UInt8(ascii: "/")] + name.bytes)
    }

    func withCString<R>(_ body: (UnsafePointer<CChar>) -> R) -> R {
        precondition(!bytes.contains(0), "a name has no NUL byte")
        var terminated = bytes.map { CChar(bitPattern: $0) }
        terminated.append(0)
        return terminated.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else {
                preconditionFailure("an array that is not empty has a base")
            }
            return body(start)
        }
    }
}
