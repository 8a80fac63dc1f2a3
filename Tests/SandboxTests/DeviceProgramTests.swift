import Core
import OCI
import Sandbox
import Testing

@Suite struct DeviceProgramTests {
    private static func linux(_ rules: [OCIConfig.DeviceRule]) -> OCIConfig.Linux {
        var linux = OCIConfig.Linux()
        linux.resources = OCIConfig.Resources()
        linux.resources?.devices = rules
        return linux
    }

    private static func allowed(
        _ rules: DeviceRules, _ major: UInt32, _ minor: UInt32, _ access: DeviceRules.Access,
        _ kind: DeviceRules.Kind = .character
    ) throws -> Bool {
        try DeviceMachine(program: DeviceProgram(rules).instructions)
            .run(.init(kind: kind, major: major, minor: minor, access: access))
    }

    @Test func `Every container has its six nodes and terminals, and no other device`() throws {
        for (major, minor) in [(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 2), (136, 0), (136, 77)] {
            #expect(try Self.allowed(.standard, UInt32(major), UInt32(minor), .all), "\(major):\(minor)")
            #expect(try !Self.allowed(.standard, UInt32(major), UInt32(minor), .read, .block))
        }
        // mem, port, kmsg, the first serial line, tun, fuse, kvm.
        for (major, minor) in [(1, 1), (1, 4), (1, 11), (4, 64), (5, 1), (10, 200), (10, 229), (10, 232)] {
            for access in [DeviceRules.Access.makeNode, .read, .write, .all] {
                #expect(try !Self.allowed(.standard, UInt32(major), UInt32(minor), access))
            }
        }
    }

    @Test func `The last rule that fits wins, for each kind of access by itself`() throws {
        let rules = try DeviceRules(
            Self.linux([
                .init(allow: false, access: "rwm"),
                .init(allow: true, type: "c", major: 4, minor: -1, access: "rw"),
                .init(allow: false, type: "c", major: 4, minor: 65, access: "w"),
                .init(allow: true, type: "b", major: 8, access: "r"),
                .init(allow: true, type: "b", major: 8, minor: 1, access: "w"),
            ]), makesNodes: false)
        #expect(try Self.allowed(rules, 4, 64, [.read, .write]))
        #expect(try !Self.allowed(rules, 4, 64, .makeNode))
        #expect(try Self.allowed(rules, 4, 65, .read))
        #expect(try !Self.allowed(rules, 4, 65, .write))
        #expect(try !Self.allowed(rules, 4, 65, [.read, .write]))
        #expect(try Self.allowed(rules, 8, 1, [.read, .write], .block))
        #expect(try !Self.allowed(rules, 8, 2, [.read, .write], .block))
        #expect(try Self.allowed(rules, 8, 2, .read, .block))
        #expect(try !Self.allowed(rules, 8, 1, .read))
        #expect(try Self.allowed(rules, 1, 3, .all))
    }

    @Test func `The devices of every container are there whatever the rules say`() throws {
        let rules = try DeviceRules(
            Self.linux([.init(allow: false, type: "c", major: 1, minor: 3, access: "rwm")]),
            makesNodes: false)
        #expect(try Self.allowed(rules, 1, 3, [.read, .write]))
    }

    @Test func `Making nodes is not using them`() throws {
        let rules = try DeviceRules(nil, makesNodes: true)
        #expect(try Self.allowed(rules, 8, 0, .makeNode, .block))
        #expect(try !Self.allowed(rules, 8, 0, .read, .block))
        let without = try DeviceRules(
            Self.linux([.init(allow: false, type: "b", access: "m")]), makesNodes: true)
        #expect(try !Self.allowed(without, 8, 0, .makeNode, .block))
    }

    @Test func `A rule for every device opens every one`() throws {
        let rules = try DeviceRules(
            Self.linux([.init(allow: true, type: "a", access: nil)]), makesNodes: false)
        #expect(try Self.allowed(rules, 10, 200, .all))
        #expect(try Self.allowed(rules, 4095, 1_048_575, .all, .block))
    }

    /// What the specification says, a rule at a time, against what the program does.
    @Test(arguments: 0..<40) func `The program says what the rules say`(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let own = (0..<Int.random(in: 0...12, using: &random)).map { _ in
            OCIConfig.DeviceRule(
                allow: .random(using: &random),
                type: ["a", "b", "c", nil].randomElement(using: &random) ?? nil,
                major: [nil, -1, 4, 8].randomElement(using: &random) ?? nil,
                minor: [nil, 0, 1].randomElement(using: &random) ?? nil,
                access: ["r", "w", "m", "rw", "rm", "rwm"].randomElement(using: &random))
        }
        let rules = try DeviceRules(Self.linux(own), makesNodes: false)
        for kind in [DeviceRules.Kind.block, .character] {
            for major: UInt32 in [4, 8, 9] {
                for minor: UInt32 in 0...2 {
                    for bits: UInt32 in 1...7 {
                        let access = DeviceRules.Access(rawValue: bits)
                        #expect(
                            try Self.allowed(rules, major, minor, access, kind)
                                == Self.expected(own, kind, major, minor, access))
                    }
                }
            }
        }
    }

    private static func expected(
        _ rules: [OCIConfig.DeviceRule], _ kind: DeviceRules.Kind, _ major: UInt32, _ minor: UInt32,
        _ access: DeviceRules.Access
    ) -> Bool {
        let letters: [(DeviceRules.Access, Character)] = [(.makeNode, "m"), (.read, "r"), (.write, "w")]
        return letters.allSatisfy { bit, letter in
            guard access.contains(bit) else { return true }
            let last = rules.last { rule in
                (rule.type == nil || rule.type == "a" || rule.type == (kind == .block ? "b" : "c"))
                    && (rule.major ?? -1 == -1 || rule.major == Int64(major))
                    && (rule.minor ?? -1 == -1 || rule.minor == Int64(minor))
                    && (rule.access ?? "rwm").contains(letter)
            }
            return last?.allow ?? false
        }
    }

    @Test func `What is no rule is refused by name`() {
        let bad: [(OCIConfig.DeviceRule, String)] = [
            (.init(allow: true, type: "x", access: "r"), "type"),
            (.init(allow: true, type: "c", major: -2, access: "r"), "major"),
            (.init(allow: true, type: "c", major: 1, minor: 1 << 40, access: "r"), "minor"),
            (.init(allow: true, type: "c", access: "rx"), "access"),
        ]
        for (rule, key) in bad {
            let error = #expect(throws: InvalidInput.self) {
                try DeviceRules(Self.linux([rule]), makesNodes: false)
            }
            #expect(error?.path == "linux.resources.devices[0].\(key)")
        }
        let many = Self.linux(
            Array(repeating: .init(allow: true, access: "r"), count: Limits.deviceRules + 1))
        #expect(throws: InvalidInput.self) { try DeviceRules(many, makesNodes: false) }
    }
}

private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}
