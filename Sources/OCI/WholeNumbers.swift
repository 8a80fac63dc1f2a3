internal import Core

// The decoder reports a number that its type does not hold without saying where it stands. These overloads are what the
// synthesised `init(from:)` of the types in this module call, and they say it.

extension KeyedDecodingContainer {
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try whole(type, key) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try whole(type, key) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try whole(type, key) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try whole(type, key) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try whole(type, key) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try whole(type, key) }

    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try wholeIfPresent(type, key) }
    func decodeIfPresent(_ type: Int32.Type, forKey key: Key) throws -> Int32? {
        try wholeIfPresent(type, key)
    }
    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? {
        try wholeIfPresent(type, key)
    }
    func decodeIfPresent(_ type: UInt16.Type, forKey key: Key) throws -> UInt16? {
        try wholeIfPresent(type, key)
    }
    func decodeIfPresent(_ type: UInt32.Type, forKey key: Key) throws -> UInt32? {
        try wholeIfPresent(type, key)
    }
    func decodeIfPresent(_ type: UInt64.Type, forKey key: Key) throws -> UInt64? {
        try wholeIfPresent(type, key)
    }

    func decodeIfPresent(_ type: [UInt32].Type, forKey key: Key) throws -> [UInt32]? {
        guard contains(key), try !decodeNil(forKey: key) else { return nil }
        var list = try nestedUnkeyedContainer(forKey: key)
        var numbers: [UInt32] = []
        while !list.isAtEnd {
            let place = "\(ConfigPath.text(codingPath + [key]))[\(numbers.count)]"
            numbers.append(try locating(place, UInt32.self) { try list.decode(UInt32.self) })
        }
        return numbers
    }

    private func whole<T: Decodable & FixedWidthInteger>(_ type: T.Type, _ key: Key) throws -> T {
        try locating(ConfigPath.text(codingPath + [key]), type) { try decode(type, forKey: key) }
    }

    private func wholeIfPresent<T: Decodable & FixedWidthInteger>(_ type: T.Type, _ key: Key) throws -> T? {
        guard contains(key), try !decodeNil(forKey: key) else { return nil }
        return try whole(type, key)
    }

    private func locating<T: FixedWidthInteger>(
        _ path: String, _ type: T.Type, _ decode: () throws -> T
    ) throws -> T {
        do {
            return try decode()
        } catch let error where !(error is DecodingError) {
            // The parser's own error, which the decoder would translate at the top, where the place is lost.
            throw InvalidInput(path, "is out of range", allowed: "a whole number, \(T.min) to \(T.max)")
        }
    }
}
