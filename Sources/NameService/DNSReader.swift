/// Reads a message of the domain name system from its beginning to its end (RFC 1035, 4.1). What is not there is nil.
struct DNSReader {
    /// Bytes of a message's head, and so of the shortest message.
    static let headBytes = 12
    /// Bytes of a name with its lengths, and of one label (RFC 1035, 2.3.4).
    private static let (nameBytes, labelBytes) = (255, 63)

    private let bytes: [UInt8]
    private(set) var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { offset == bytes.count }

    mutating func word() -> UInt16? {
        guard let high = byte(), let low = byte() else { return nil }
        return UInt16(high) << 8 | UInt16(low)
    }

    /// A question's name, which has nothing to be compressed with: its labels with small letters.
    mutating func name() -> [[UInt8]]? {
        let start = offset
        var labels: [[UInt8]] = []
        while let length = byte() {
            if length == 0 { return offset - start <= Self.nameBytes ? labels : nil }
            guard length <= Self.labelBytes, offset - start + Int(length) < Self.nameBytes,
                offset + Int(length) <= bytes.count
            else { return nil }
            labels.append(bytes[offset..<offset + Int(length)].map(Self.small))
            offset += Int(length)
        }
        return nil
    }

    /// Passes over a record and returns its type.
    mutating func record() -> UInt16? {
        guard skipName(), let type = word(), skip(6), let length = word(), skip(Int(length)) else {
            return nil
        }
        return type
    }

    /// A record's name may end with a pointer to an earlier one.
    private mutating func skipName() -> Bool {
        while let length = byte() {
            switch length {
            case 0: return true
            case 0xc0...: return byte() != nil
            case ...UInt8(Self.labelBytes): guard skip(Int(length)) else { return false }
            default: return false
            }
        }
        return false
    }

    private mutating func byte() -> UInt8? {
        guard offset < bytes.count else { return nil }
        defer { offset += 1 }
        return bytes[offset]
    }

    private mutating func skip(_ count: Int) -> Bool {
        guard bytes.count - offset >= count else { return false }
        offset += count
        return true
    }

    static func small(_ byte: UInt8) -> UInt8 { (0x41...0x5a).contains(byte) ? byte | 0x20 : byte }
}
