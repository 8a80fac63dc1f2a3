import FoundationEssentials

/// JSON as a tree that tests can change anywhere.
indirect enum MutableJSON: Codable, Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case text(String)
    case array([MutableJSON])
    case object([String: MutableJSON])

    static func parse(_ text: String) throws -> MutableJSON {
        try JSONDecoder().decode(MutableJSON.self, from: Data(text.utf8))
    }

    func bytes() throws -> [UInt8] { Array(try JSONEncoder().encode(self)) }

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let array = try? value.decode([MutableJSON].self) {
            self = .array(array)
        } else {
            self = .object(try value.decode([String: MutableJSON].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .null: try value.encodeNil()
        case .bool(let bool): try value.encode(bool)
        case .number(let number):
            if let whole = Int64(exactly: number) {
                try value.encode(whole)
            } else {
                try value.encode(number)
            }
        case .text(let text): try value.encode(text)
        case .array(let array): try value.encode(array)
        case .object(let object): try value.encode(object)
        }
    }

    /// How many values there are, this one included.
    var count: Int {
        switch self {
        case .array(let array): array.reduce(1) { $0 + $1.count }
        case .object(let object): object.values.reduce(1) { $0 + $1.count }
        default: 1
        }
    }

    /// The tree with its value number `index` (in depth-first order, keys sorted) replaced.
    func replacing(_ index: Int, with value: MutableJSON) -> MutableJSON {
        if index == 0 { return value }
        var left = index - 1
        func step(_ child: MutableJSON) -> MutableJSON {
            defer { left -= child.count }
            return (0..<child.count).contains(left) ? child.replacing(left, with: value) : child
        }
        switch self {
        case .array(let array): return .array(array.map(step))
        case .object(let object):
            var changed = object
            for (key, child) in object.sorted(by: { $0.key < $1.key }) { changed[key] = step(child) }
            return .object(changed)
        default: return self
        }
    }

    /// The object at a path of keys changed in one place; nil removes.
    func setting(_ path: [String], to value: MutableJSON?) -> MutableJSON {
        guard let key = path.first else { return value ?? .null }
        guard case .object(var object) = self else { return self }
        let rest = Array(path.dropFirst())
        object[key] = rest.isEmpty ? value : (object[key] ?? .object([:])).setting(rest, to: value)
        return .object(object)
    }
}
