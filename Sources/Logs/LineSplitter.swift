internal import Glibc

/// Cuts what one stream wrote into lines of a bounded length. Pure.
struct LineSplitter {
    /// Bytes of a line at most.
    let limit: Int
    /// The beginning of a line whose end has not come.
    private(set) var pending: [UInt8] = []

    init(limit: Int) { self.limit = limit }

    /// Calls `line` for each whole line, and for each piece of one that is too long (`continues`), without its
    /// newline; a carriage return before it is cut off too. A line that came whole is not copied.
    mutating func feed(
        _ bytes: UnsafeRawBufferPointer, line: (UnsafeRawBufferPointer, _ continues: Bool) -> Void
    ) {
        var rest = bytes
        while let start = rest.baseAddress, !rest.isEmpty {
            let room = limit - pending.count
            let searched = min(rest.count, room + 1)
            let newline = memchr(start, 10, searched).map { UnsafeRawPointer($0) - start }
            let taken = newline ?? min(rest.count, room)
            let piece = UnsafeRawBufferPointer(start: start, count: taken)
            rest = UnsafeRawBufferPointer(rebasing: rest[(newline == nil ? taken : taken + 1)...])
            if newline == nil, searched <= room {
                pending.append(contentsOf: piece)
                return
            }
            if pending.isEmpty {
                line(newline == nil ? piece : LineSplitter.withoutReturn(piece), newline == nil)
            } else {
                pending.append(contentsOf: piece)
                pending.withUnsafeBytes {
                    line(newline == nil ? $0 : LineSplitter.withoutReturn($0), newline == nil)
                }
                pending.removeAll(keepingCapacity: true)
            }
        }
    }

    /// Gives away what has no end yet, if anything.
    mutating func flush(line: (UnsafeRawBufferPointer) -> Void) {
        if pending.isEmpty { return }
        pending.withUnsafeBytes(line)
        pending = []
    }

    private static func withoutReturn(_ line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        line.last == UInt8(ascii: "\r") ? UnsafeRawBufferPointer(rebasing: line.dropLast()) : line
    }
}
