/// A file of configuration that belongs to a revision, mounted read-only at a path of the container.
package struct ConfigFile: Hashable, Sendable {
    package var path: String
    package var content: [UInt8]
    /// The nine permission bits of chmod(2); the owner is the function's user.
    package var mode: UInt32

    package static let defaultMode: UInt32 = 0o444

    package init(path: String, content: [UInt8], mode: UInt32 = defaultMode) {
        self.path = path
        self.content = content
        self.mode = mode
    }

    /// Reads permission bits as chmod(1) has them: `0440`.
    package static func mode(parsing text: String) throws(InvalidInput) -> UInt32 {
        guard let mode = UInt32(text, radix: 8), text.utf8.count <= 4, mode <= 0o777 else {
            throw InvalidInput(
                "", "'\(text.prefix(40))' is no mode", allowed: "three octal digits, such as 0440")
        }
        return mode
    }

    func validate() throws(InvalidInput) {
        do { try ContainerPath.checkTarget(path) } catch { throw error.inside("path") }
        guard mode <= 0o777 else {
            throw InvalidInput("mode", "has more than the nine permission bits", allowed: "000 to 777")
        }
    }
}

/// Content travels as text where it is UTF-8, else as base64.
extension ConfigFile: Codable {
    package enum CodingKeys: String, CodingKey, CaseIterable { case path, content, base64, mode }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        let place = decoder.codingPath.map(\.stringValue).joined(separator: ".")
        let text = try fields.decodeIfPresent(String.self, forKey: .content)
        let encoded = try fields.decodeIfPresent(String.self, forKey: .base64)
        switch (text, encoded) {
        case (let text?, nil): content = Array(text.utf8)
        case (nil, let encoded?):
            guard let bytes = Base64.decode(encoded) else {
                throw InvalidInput("\(place).base64", "is not base64")
            }
            content = bytes
        default: throw InvalidInput(place, "has no content or two", allowed: "either content or base64")
        }
        path = try fields.decode(String.self, forKey: .path)
        mode = Self.defaultMode
        if let text = try fields.decodeIfPresent(String.self, forKey: .mode) {
            do { mode = try Self.mode(parsing: text) } catch { throw error.inside("\(place).mode") }
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(path, forKey: .path)
        if let text = String(validating: content, as: UTF8.self) {
            try fields.encode(text, forKey: .content)
        } else {
            try fields.encode(Base64.encode(content), forKey: .base64)
        }
        if mode != Self.defaultMode { try fields.encode("0" + String(mode, radix: 8), forKey: .mode) }
    }
}

/// RFC 4648, section 4.
enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var word = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            word <<= UInt32(8 * (3 - group.count))
            for place in 0..<4 {
                let index = Int(word >> UInt32(18 - 6 * place) & 63)
                result.append(place <= group.count ? alphabet[index] : UInt8(ascii: "="))
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Nil for anything that `encode` would not have written.
    static func decode(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 4 == 0 else { return nil }
        let padding = digits.reversed().prefix(2).prefix { $0 == UInt8(ascii: "=") }.count
        var result: [UInt8] = []
        result.reserveCapacity(digits.count / 4 * 3)
        var word: UInt32 = 0
        for (place, digit) in digits.dropLast(padding).enumerated() {
            guard let value = value(of: digit) else { return nil }
            word = word << 6 | value
            if place % 4 > 0 {
                let left = UInt32(6 - 2 * (place % 4))
                result.append(UInt8(truncatingIfNeeded: word >> left))
                word &= (1 << left) - 1
            }
        }
        return word == 0 ? result : nil
    }

    private static func value(of digit: UInt8) -> UInt32? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
