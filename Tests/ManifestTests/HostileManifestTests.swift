import Core
import Manifest
import Testing

@Suite struct HostileManifestTests {
    /// Nine levels of nine aliases each would be 387 million values.
    private static func bomb(use: String) -> String {
        var text = "provider:\n  l0: &l0 [a, a, a, a, a, a, a, a, a]\n"
        for level in 1...9 {
            let aliases = Array(repeating: "*l\(level - 1)", count: 9).joined(separator: ", ")
            text += "  l\(level): &l\(level) [\(aliases)]\n"
        }
        return text + "functions:\n  a:\n    bundle: x\n" + use
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            "    environment: {K: *l9}\n", "    command: *l9\n", "    environment: *l9\n", "    *l9 : x\n",
            "    ? *l9\n    : x\n", "    ? [*l9]\n    : x\n", "    {*l9 : x}: y\n", "    [*l9]: x\n",
            "    *l9: x\n",
        ])
    func aBombOfAliasesIsRefusedAtOnce(use: String) {
        #expect(refusal(Self.bomb(use: use)) != nil)
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["[", "{a: ", "- ", "? ", "&a [", "!!seq [", "a:\n"])
    func deepNestingIsRefused(unit: String) {
        let text = "functions:\n  a:\n    bundle: x\n    command: " + String(repeating: unit, count: 100_000)
        #expect(refusal(text) != nil)
        #expect(refusal(String(repeating: unit, count: 100_000)) != nil)
    }

    @Test func nestingJustBelowTheBoundIsNoProblem() {
        let text = String(repeating: "[", count: 900) + String(repeating: "]", count: 900)
        #expect(refusal("functions:\n  a: {bundle: x, command: \(text)}\n")?.contains("a text") == true)
    }

    @Test func mergingWhatMergesIsRefused() {
        let text = """
            functions:
              a: &a {bundle: x}
              b: &b {<<: *a}
              c: {<<: *b}
            """
        #expect(refusal(text)?.contains("one level") == true)
    }

    @Test(.timeLimit(.minutes(2)), arguments: [1, 2, 3, 4, 5])
    func mutationsNeverCrash(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "&a", "*a", "<<: ", "? ", "- ", "[", "]", "{", "}", ": ", "!!int ", "|\n", ">-\n", "\"", "'",
            "\t", "%YAML",
            "---\n", "...\n", "\u{0}", "\u{FEFF}", "999999999999999999999", "~", "\r", "#", "é", "\\x",
            "never",
        ].map { Array($0.utf8) }
        let valid = Array(ManifestTests.full.utf8)
        var refused = 0
        for _ in 0..<400 {
            var bytes = valid
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1:
                    bytes.insert(
                        contentsOf: pieces[Int.random(in: 0..<pieces.count, using: &random)], at: place)
                case 2:
                    bytes.removeSubrange(
                        place..<min(bytes.count, place + Int.random(in: 1...20, using: &random)))
                default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 30)], at: place)
                }
                if bytes.isEmpty { bytes = [10] }
            }
            if refusal(String(decoding: bytes, as: UTF8.self)) != nil { refused += 1 }
        }
        #expect((1..<400).contains(refused), "some are refused and some are still valid: \(refused)")
    }
}

/// SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
