/// Cuts what one stream wrote into lines of a bounded length. Pure.
struct LineSplitter {
    /// Bytes of a line at most.
    let limit: Int
    /// The beginning of a line whose end has not come.
    private(set) var pending: [UInt8] = []

    init(limit: Int) { self.limit = limit }

    /// Calls `line` for each whole line, and for each piece of one that is too long (`continues`). Neither has the
    /// newline; a carriage return before it is cut off too.
    mutating func feed(_ bytes: UnsafeRawBufferPointer, line: (ArraySlice<UInt8>, _ continues: Bool) -> Void)
    {
        var rest = bytes[...]
        while !rest.isEmpty {
            let room = limit - pending.count
            guard let end = rest.prefix(room + 1).firstIndex(of: UInt8(ascii: "\n")) else {
                if rest.count <= room {
                    pending.append(contentsOf: rest)
                    return
                }
                pending.append(contentsOf: rest.prefix(room))
                rest = rest.dropFirst(room)
                line(pending[...], true)
                pending.removeAll(keepingCapacity: true)
                continue
            }
            pending.append(contentsOf: rest[..<end])
            rest = rest[(end + 1)...]
            line(pending.last == UInt8(ascii: "\r") ? pending.dropLast() : pending[...], false)
            pending.removeAll(keepingCapacity: true)
        }
    }

    /// Gives away what has no end yet, if anything.
    mutating func flush(line: (ArraySlice<UInt8>) -> Void) {
        if pending.isEmpty { return }
        line(pending[...])
        pending = []
    }
}
