import Core
import OCI
import Testing

@Suite("Any change of a configuration is accepted or refused, never worse")
struct MutationTests {
    private static let values: [MutableJSON] = [
        .null, .bool(true), .number(0), .number(-1), .number(1.5), .number(1e300), .number(4_294_967_296),
        .text(""),
        .text("\u{0}"), .text("../.."), .text(String(repeating: "x", count: 5000)), .array([]),
        .array([.null]),
        .array([.array([]), .object([:])]), .object([:]), .object(["": .null]),
    ]

    private func outcome(_ json: MutableJSON) throws -> Bool {
        let bytes = try json.bytes()
        do throws(InvalidInput) {
            let config = try OCIConfig.parse(bytes)
            #expect(try OCIConfig.parse(config.serialised()) == config)
            try HonouredFields.check(config)
            return true
        } catch {
            #expect(!error.path.isEmpty)
            #expect(!error.problem.isEmpty)
            return false
        }
    }

    @Test(
        "each value in turn replaced by each kind of value",
        arguments: [Samples.engineDefault, Samples.everything])
    func everyPlace(sample: String) throws {
        let json = try MutableJSON.parse(sample)
        var refused = 0
        for index in 0..<json.count {
            for value in Self.values where try !outcome(json.replacing(index, with: value)) { refused += 1 }
        }
        #expect(refused > json.count)
    }

    @Test("many at once, from a seed", arguments: 1...20 as ClosedRange<UInt64>)
    func several(seed: UInt64) throws {
        var generator = SplitMix(state: seed)
        for _ in 0..<20 {
            var json = try MutableJSON.parse(Samples.everything)
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let value = Self.values[Int.random(in: 0..<Self.values.count, using: &generator)]
                json = json.replacing(Int.random(in: 0..<json.count, using: &generator), with: value)
            }
            _ = try outcome(json)
        }
    }

    @Test("bytes flipped, cut and repeated, from a seed", arguments: 1...20 as ClosedRange<UInt64>)
    func bytes(seed: UInt64) {
        var generator = SplitMix(state: seed)
        for _ in 0..<50 {
            var bytes = Array(Samples.everything.utf8)
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.removeSubrange(place..<min(bytes.count - 1, place + 20))
                default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 30)], at: place)
                }
            }
            do throws(InvalidInput) { _ = try OCIConfig.parse(bytes) } catch { #expect(!error.path.isEmpty) }
        }
    }
}

/// A small generator whose numbers are the same everywhere (splitmix64).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
