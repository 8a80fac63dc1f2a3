/// One entry's header of a tar archive: ustar (POSIX.1-1988) with the extensions of pax (POSIX.1-2001) and GNU. Pure.
package struct TarHeader: Sendable, Equatable {
    package enum Kind: Sendable, Equatable { case regular, hardLink, link, directory, fifo, device }

    package static let blockSize = 512

    package var kind: Kind
    /// As it stands in the archive, unchecked.
    package var path: [UInt8]
    /// Of links.
    package var target: [UInt8]
    package var mode: UInt32
    package var user: UInt32
    package var group: UInt32
    /// Bytes of content that follow; 0 for what has none.
    package var size: Int64
    /// Seconds.
    package var modified: Int64
}

/// What is wrong with an archive.
package struct TarError: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

/// Values that pax and GNU entries give to the entry after them.
package struct TarOverrides: Sendable, Equatable {
    package var path: [UInt8]?
    package var target: [UInt8]?
    package var size: Int64?
    package var user: UInt32?
    package var group: UInt32?
    package var modified: Int64?
    /// Extended attributes (`SCHILY.xattr.NAME`).
    package var attributes: [(name: [UInt8], value: [UInt8])] = []

    package static func == (a: Self, b: Self) -> Bool {
        a.path == b.path && a.target == b.target && a.size == b.size && a.user == b.user && a.group == b.group
            && a.modified == b.modified && a.attributes.map(\.name) == b.attributes.map(\.name)
            && a.attributes.map(\.value) == b.attributes.map(\.value)
    }

    /// Records of a pax header: `LENGTH KEY=VALUE\n`, where LENGTH counts the whole record.
    mutating func readPax(_ records: [UInt8]) throws(TarError) {
        var rest = records[...]
        while !rest.isEmpty {
            let digits = rest.prefix { (48...57).contains($0) }
            guard let length = Int(String(decoding: digits, as: UTF8.self)), length > digits.count + 2,
                length <= rest.count, rest[rest.startIndex + length - 1] == 10
            else { throw TarError("a pax header cannot be read") }
            let record = rest[(rest.startIndex + digits.count + 1)..<(rest.startIndex + length - 1)]
            rest = rest.dropFirst(length)
            guard let sign = record.firstIndex(of: UInt8(ascii: "=")) else {
                throw TarError("a pax record has no value")
            }
            guard !record[..<sign].contains(0) else { throw TarError("a pax record has no name") }
            try take(String(decoding: record[..<sign], as: UTF8.self), Array(record[(sign + 1)...]))
        }
    }

    private mutating func take(_ key: String, _ value: [UInt8]) throws(TarError) {
        let text = String(decoding: value, as: UTF8.self)
        switch key {
        case "path": path = value
        case "linkpath": target = value
        case "size": size = try Self.number(key, text)
        case "uid": user = UInt32(clamping: try Self.number(key, text))
        case "gid": group = UInt32(clamping: try Self.number(key, text))
        case "mtime": modified = try Self.number(key, String(text.prefix { $0 != "." }))
        case let key where key.hasPrefix("SCHILY.xattr."):
            attributes.append((Array(key.utf8.dropFirst("SCHILY.xattr.".utf8.count)), value))
        case let key where key.hasPrefix("GNU.sparse."):
            throw TarError("it has sparse files (write it without --sparse)")
        default: break
        }
    }

    private static func number(_ key: String, _ text: String) throws(TarError) -> Int64 {
        guard let value = Int64(text) else { throw TarError("pax record '\(key)' is no number") }
        return value
    }
}

extension TarHeader {
    /// What a block is.
    enum Block: Sendable, Equatable {
        case entry(TarHeader)
        /// The content is pax records for the next entry.
        case pax(size: Int64)
        /// For all later entries: nothing in it is honoured.
        case paxGlobal(size: Int64)
        case gnuPath(size: Int64)
        case gnuTarget(size: Int64)
        /// A block of zeros: the end.
        case end
    }

    /// - Parameter block: 512 bytes.
    static func read(_ block: ArraySlice<UInt8>) throws(TarError) -> Block {
        let bytes = Array(block)
        precondition(bytes.count == blockSize, "a header is one block")
        if bytes.allSatisfy({ $0 == 0 }) { return .end }
        try checkSum(bytes)
        let size = try number(bytes[124..<136], "size")
        switch bytes[156] {
        case UInt8(ascii: "x"): return .pax(size: size)
        case UInt8(ascii: "g"): return .paxGlobal(size: size)
        case UInt8(ascii: "L"): return .gnuPath(size: size)
        case UInt8(ascii: "K"): return .gnuTarget(size: size)
        default: return .entry(try entry(bytes, size))
        }
    }

    private static func entry(_ bytes: [UInt8], _ size: Int64) throws(TarError) -> TarHeader {
        let kind: Kind =
            switch bytes[156] {
            case 0, UInt8(ascii: "0"), UInt8(ascii: "7"): .regular
            case UInt8(ascii: "1"): .hardLink
            case UInt8(ascii: "2"): .link
            case UInt8(ascii: "3"), UInt8(ascii: "4"): .device
            case UInt8(ascii: "5"): .directory
            case UInt8(ascii: "6"): .fifo
            case let type: throw TarError("an entry is of unknown type \(type)")
            }
        var path = text(bytes[0..<100])
        // "ustar\0" alone has a prefix; in GNU's own format ("ustar ") other fields stand there.
        if Array(bytes[257..<263]) == Array("ustar\0".utf8) {
            let prefix = text(bytes[345..<500])
            if !prefix.isEmpty { path = prefix + [UInt8(ascii: "/")] + path }
        }
        return TarHeader(
            kind: kind, path: path, target: text(bytes[157..<257]),
            mode: UInt32(truncatingIfNeeded: try number(bytes[100..<108], "mode")) & 0o7777,
            user: UInt32(clamping: try number(bytes[108..<116], "uid")),
            group: UInt32(clamping: try number(bytes[116..<124], "gid")),
            size: kind == .regular ? size : 0, modified: try number(bytes[136..<148], "mtime"))
    }

    private static func text(_ field: ArraySlice<UInt8>) -> [UInt8] { Array(field.prefix { $0 != 0 }) }

    /// Octal digits, or big-endian binary with the first bit set (GNU).
    private static func number(_ field: ArraySlice<UInt8>, _ name: String) throws(TarError) -> Int64 {
        if let first = field.first, first & 0x80 != 0 {
            guard first == 0x80, field.dropFirst().dropLast(8).allSatisfy({ $0 == 0 }) else {
                throw TarError("field '\(name)' is out of range")
            }
            let value = field.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard let result = Int64(exactly: value) else {
                throw TarError("field '\(name)' is out of range")
            }
            return result
        }
        let digits = field.drop { $0 == 32 }.prefix { $0 != 0 && $0 != 32 }
        guard digits.allSatisfy({ (48...55).contains($0) }) else {
            throw TarError("field '\(name)' is no number")
        }
        return digits.reduce(0) { $0 << 3 | Int64($1 - 48) }
    }

    /// The sum of all bytes, those of the sum itself counted as blanks.
    private static func checkSum(_ bytes: [UInt8]) throws(TarError) {
        let told = try number(bytes[148..<156], "checksum")
        var sum: Int64 = 0
        for (index, byte) in bytes.enumerated() { sum += (148..<156).contains(index) ? 32 : Int64(byte) }
        guard sum == told else { throw TarError("it is no tar archive, or is damaged: a checksum is wrong") }
    }
}
