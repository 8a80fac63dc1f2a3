internal import Core

/// Refuses keys that a type does not know.
enum StrictKeys {
    struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    static func check<Keys: CodingKey & CaseIterable>(_ decoder: any Decoder, _ keys: Keys.Type) throws {
        try check(decoder, known: keys.allCases.map(\.stringValue))
    }

    static func checkSpec(_ decoder: any Decoder) throws {
        try check(decoder, FunctionSpec.CodingKeys.self)
        let fields = try decoder.container(keyedBy: FunctionSpec.CodingKeys.self)
        if fields.contains(.scale) {
            try check(fields.superDecoder(forKey: .scale), ScaleSpec.CodingKeys.self)
        }
        if fields.contains(.limits) {
            try check(fields.superDecoder(forKey: .limits), known: ["memory", "cpu", "pids", "disk"])
        }
        // A port that is misspelt would allow all of them.
        if let network = try? fields.nestedContainer(keyedBy: AnyKey.self, forKey: .network) {
            try check(fields.superDecoder(forKey: .network), NetworkSpec.CodingKeys.self)
            for key in network.allKeys {
                guard var rules = try? network.nestedUnkeyedContainer(forKey: key) else { continue }
                while !rules.isAtEnd { try check(rules.superDecoder(), EgressRule.CodingKeys.self) }
            }
        }
        try checkEach(fields, .volumes, VolumeSpec.CodingKeys.self)
        try checkEach(fields, .configs, ConfigFile.CodingKeys.self)
    }

    private static func checkEach<Keys: CodingKey & CaseIterable>(
        _ fields: KeyedDecodingContainer<FunctionSpec.CodingKeys>, _ key: FunctionSpec.CodingKeys,
        _ keys: Keys.Type
    ) throws {
        guard fields.contains(key) else { return }
        var elements = try fields.nestedUnkeyedContainer(forKey: key)
        while !elements.isAtEnd { try check(elements.superDecoder(), keys) }
    }

    static func check(_ decoder: any Decoder, known: [String]) throws {
        for key in try decoder.container(keyedBy: AnyKey.self).allKeys
        where !known.contains(key.stringValue) {
            throw InvalidInput(
                (decoder.codingPath + [key]).dotted, "is not a key of this API",
                allowed: known.sorted().joined(separator: ", "))
        }
    }
}
