/// Cuts a tar archive that comes in pieces into entries. Pure: gives its owner steps to take, in order.
package struct TarReader {
    package enum Step: Equatable {
        /// A new entry; its content follows as `bytes`, then `endEntry`.
        case entry(TarHeader, TarOverrides)
        case bytes(ArraySlice<UInt8>)
        case endEntry
    }

    private enum State {
        case header
        /// Content of an entry, and what fills its last block.
        case content(left: Int64, padding: Int)
        /// Content of a pax or GNU header, which is for the entry after it.
        case extra(TarHeader.Block, left: Int, padding: Int)
        case skipping(left: Int)
        case end
    }

    package init() {}

    private var state = State.header
    /// The beginning of a block, or of an extra header's content.
    private var pending: [UInt8] = []
    private var overrides = TarOverrides()
    /// Of the extra headers before one entry.
    private var extra = 0
    /// Whether the archive is whole: two blocks of zeros, or the end after a whole entry, as some writers leave it.
    package var isComplete: Bool {
        switch state {
        case .end: true
        case .header: pending.isEmpty && overrides == TarOverrides()
        default: false
        }
    }

    /// Bytes of the pax and GNU headers before one entry at most: a path, a link and some attributes.
    static let extraBytes = 1 << 20

    package mutating func feed(
        _ bytes: [UInt8], _ take: (Step) throws -> Void
    ) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            switch state {
            case .end: return
            case .header:
                let part = rest.prefix(TarHeader.blockSize - pending.count)
                pending += part
                rest = rest.dropFirst(part.count)
                if pending.count == TarHeader.blockSize { try readHeader(take) }
            case .content(let left, let padding):
                let part = rest.prefix(Int(min(left, Int64(rest.count))))
                rest = rest.dropFirst(part.count)
                try take(.bytes(part))
                if left == Int64(part.count) {
                    try take(.endEntry)
                    state = padding == 0 ? .header : .skipping(left: padding)
                } else {
                    state = .content(left: left - Int64(part.count), padding: padding)
                }
            case .extra(let block, let left, let padding):
                let part = rest.prefix(left)
                pending += part
                rest = rest.dropFirst(part.count)
                if left == part.count {
                    try readExtra(block)
                    state = padding == 0 ? .header : .skipping(left: padding)
                } else {
                    state = .extra(block, left: left - part.count, padding: padding)
                }
            case .skipping(let left):
                let part = rest.prefix(left)
                rest = rest.dropFirst(part.count)
                state = left == part.count ? .header : .skipping(left: left - part.count)
            }
        }
    }

    private mutating func readHeader(_ take: (Step) throws -> Void) throws {
        let block = try TarHeader.read(pending[...])
        pending = []
        switch block {
        case .end: state = .end
        case .entry(var header):
            header.apply(overrides)
            guard header.size >= 0 else { throw TarError("an entry has a negative size") }
            let given = overrides
            overrides = TarOverrides()
            extra = 0
            try take(.entry(header, given))
            if header.size == 0 {
                try take(.endEntry)
            } else {
                state = .content(left: header.size, padding: Self.padding(header.size))
            }
        case .pax(let size), .paxGlobal(let size), .gnuPath(let size), .gnuTarget(let size):
            guard size >= 0, size <= Int64(Self.extraBytes - extra) else {
                throw TarError("a header is too long")
            }
            extra += Int(size)
            if size > 0 { state = .extra(block, left: Int(size), padding: Self.padding(size)) }
        }
    }

    private mutating func readExtra(_ block: TarHeader.Block) throws {
        let content = pending
        pending = []
        switch block {
        case .pax: try overrides.readPax(content)
        case .gnuPath: overrides.path = Array(content.prefix { $0 != 0 })
        case .gnuTarget: overrides.target = Array(content.prefix { $0 != 0 })
        case .paxGlobal, .entry, .end: break
        }
    }

    private static func padding(_ size: Int64) -> Int {
        Int((Int64(TarHeader.blockSize) - size % Int64(TarHeader.blockSize)) % Int64(TarHeader.blockSize))
    }
}

extension TarHeader {
    fileprivate mutating func apply(_ given: TarOverrides) {
        if let path = given.path { self.path = path }
        if let target = given.target { self.target = target }
        if let size = given.size, kind == .regular { self.size = size }
        if let user = given.user { self.user = user }
        if let group = given.group { self.group = group }
        if let modified = given.modified { self.modified = modified }
    }
}
