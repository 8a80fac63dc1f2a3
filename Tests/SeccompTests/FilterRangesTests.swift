import Core
import OCI
import Sandbox
import Testing

/// Every number that anything could be told of, and some that no kernel has.
private let numbers =
    Array(0..<UInt32(480)) + [500, 1023, 1048, 1049, 1050, 1200] + [
        0x3fff_ffff, 0x4000_0000, 0x4000_0001, 0x4000_0208, 0x7fff_ffff, 0xffff_ffff,
    ]
private let arguments: [[UInt64]] = [
    [], [1], [7, 5], [40], [0x2_0000], [0x2_0008], [0xffff_ffff], [0x7e02_0000], [0x1000_0011], [0x3f, 5],
    [1 << 40, 1 << 40, 1 << 40],
]

@Suite("A filter by ranges") struct FilterRangesTests {
    /// The longer program, the shorter one, and that they say the same.
    private func compare(
        _ profile: OCIConfig.Seccomp?, _ capabilities: CapabilitySet = .containerDefault
    ) throws -> (long: Int, short: Int) {
        try compare(SeccompCompiler.translate(profile, capabilities: capabilities))
    }

    private func compare(_ bytes: [UInt8]) throws -> (long: Int, short: Int) {
        let long = BPFMachine(bytes)
        let short = BPFMachine(FilterRanges.shorten(bytes))
        for architecture in [BPFMachine.x8664, BPFMachine.i386, BPFMachine.aarch64] {
            for number in numbers {
                for words in arguments {
                    let call = BPFMachine.Call(number: number, architecture: architecture, arguments: words)
                    let (expected, verdict) = (try long.run(call), try short.run(call))
                    guard expected == verdict else {
                        Issue.record("\(call): \(verdict) instead of \(expected)")
                        return (long.count, short.count)
                    }
                }
            }
        }
        return (long.count, short.count)
    }

    @Test("says what the default profile says, in far fewer instructions")
    func defaultProfile() throws {
        let (long, short) = try compare(nil)
        #expect(short * 2 < long, "\(short) of \(long)")
        for capability in ["CAP_SYS_ADMIN", "CAP_NET_ADMIN", "CAP_SYS_TIME", "CAP_SYS_PTRACE"] {
            _ = try compare(
                nil, CapabilitySet.containerDefault.union(#require(CapabilitySet(name: capability))))
        }
    }

    @Test("says what any profile says", arguments: 0..<24)
    func anyProfile(seed: Int) throws {
        var random = Seeded(seed: UInt64(seed))
        let actions: [OCIConfig.SeccompAction] = [.allow, .errno, .killProcess, .log, .trap, .trace]
        var profile = OCIConfig.Seccomp(defaultAction: actions.randomElement(using: &random) ?? .allow)
        let names = SyscallNumbers.table.keys.sorted()
        profile.syscalls = (0..<Int.random(in: 0...40, using: &random)).map { _ in
            var rule = OCIConfig.SyscallRule(
                names: (0...Int.random(in: 0...3, using: &random)).compactMap { _ in
                    names.randomElement(using: &random)
                }, action: actions.randomElement(using: &random) ?? .allow, errnoRet: 7)
            let operators: [OCIConfig.SeccompOperator] = [
                .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .maskedEqual,
            ]
            if Bool.random(using: &random) {
                rule.args = [
                    OCIConfig.ArgumentCondition(
                        index: UInt32.random(in: 0...2, using: &random), value: 7, valueTwo: 5,
                        op: operators.randomElement(using: &random) ?? .equal)
                ]
            }
            return rule
        }
        if seed % 4 == 0 { profile.architectures = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_ARM"] }
        // libseccomp refuses rules that contradict each other.
        do { _ = try compare(profile) } catch is InvalidInput {}
    }

    @Test("has long jumps where comparisons reach no further")
    func longSearch() throws {
        func instruction(_ code: UInt8, _ whenTrue: UInt8, _ whenFalse: UInt8, _ operand: UInt32) -> [UInt8] {
            [code, 0, whenTrue, whenFalse] + (0..<4).map { UInt8(truncatingIfNeeded: operand >> (8 * $0)) }
        }
        // Three numbers each have an errno of their own.
        var chain = instruction(0x20, 0, 0, 4) + instruction(0x15, 1, 0, BPFMachine.nativeArchitecture)
        chain += instruction(0x06, 0, 0, 0) + instruction(0x20, 0, 0, 0)
        for number in 0..<UInt32(1050) {
            chain += instruction(0x15, 0, 1, number) + instruction(0x06, 0, 0, 0x5_0000 + number / 3)
        }
        chain += instruction(0x06, 0, 0, 0x7fff_0000)
        let (long, short) = try compare(chain)
        #expect(short * 2 < long && short > 600, "\(short) of \(long)")
    }

    @Test("leaves alone what it does not understand")
    func strange() {
        for bytes: [UInt8] in [
            [], [1, 2, 3], Array(repeating: 0xff, count: 16), Array(repeating: 0, count: 8),
        ] {
            #expect(FilterRanges.shorten(bytes) == bytes)
        }
    }
}

/// A sequence that is the same for the same seed (SplitMix64).
private struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed &+ 1 }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return word ^ word >> 31
    }
}
